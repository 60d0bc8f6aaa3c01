import type { ReplicaContent } from '../../domain/deployment/deployment.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkNoSecretIsHidden } from '../../domain/workload/environment.ts';
import type { ReplicaRequest } from '../apis/deployment-api.ts';
import { withCloudInit } from '../cloud-init/cloud-init-tool.ts';
import type { EngineDeps } from '../deps.ts';
import { permittedDisks, sizedDisks } from '../images/disk-contents.ts';
import { requirePlace } from '../networks/place-vm.ts';
import { completeSpec } from '../operations/complete-spec.ts';
import { checkNewVm } from '../operations/new-vm.ts';
import { grantsFor } from '../secrets/grants.ts';
import { mergeTemplate } from '../templates/merge-template.ts';
import { resolveTools } from '../tools/vm-tools.ts';
import { withOpenapi } from '../workloads/fetch-openapi.ts';

/**
 * What all replicas are made from, settled once, as a VM's own spec is: later changes of a template reach none. Throws as a VM's creation.
 */
export async function settleContent(
  deps: Pick<EngineDeps, 'store' | 'drivers' | 'images' | 'tools' | 'clock' | 'documents' | 'networks'>,
  { principal, owner }: { readonly principal: Principal; readonly owner: string },
  request: ReplicaRequest,
): Promise<ReplicaContent> {
  const { disks } = request.spec;
  const own = disks === undefined ? {} : { disks: permittedDisks(principal, disks) };
  const askedSpec = await withOpenapi(deps, principal, { ...request.spec, ...own });
  const merged = await mergeTemplate(deps.store, principal, { ...request, spec: askedSpec, name: null, start: true });
  const driver = deps.drivers.require(merged.driver);
  const tools = await resolveTools(deps, driver, merged.tools ?? []);
  const given = { ...(await withOpenapi(deps, principal, merged.spec)), tools };
  const complete = await withCloudInit(deps, driver, await completeSpec(deps, driver, given));
  const spec = { ...complete, disks: await sizedDisks(deps.images, complete.disks) };
  checkNewVm(merged);
  await requirePlace(deps.store, principal, spec.network);
  const secrets = await grantsFor(deps.store, { principal, owner }, request.secrets ?? []);
  checkNoSecretIsHidden({ ...spec.environment, ...spec.workload?.environment }, secrets);
  return {
    asked: {
      template: request.template ?? null,
      driver: request.driver ?? null,
      spec: askedSpec,
      tools: request.tools ?? [],
      labels: request.labels,
    },
    driver: driver.kind,
    spec,
    labels: merged.labels,
    metadata: merged.metadata,
    secrets,
    warmStart: request.warmStart,
  };
}

/** What is asked for when this is changed of what there is. */
export function changedRequest(
  { asked, metadata, secrets, warmStart }: ReplicaContent,
  change: Partial<ReplicaRequest>,
): ReplicaRequest {
  const { template = asked.template ?? undefined, driver = asked.driver ?? undefined } = change;
  return {
    ...(template === undefined ? {} : { template }),
    ...(driver === undefined ? {} : { driver }),
    spec: { ...asked.spec, ...change.spec },
    tools: change.tools ?? asked.tools,
    labels: change.labels ?? asked.labels,
    metadata: change.metadata ?? metadata,
    warmStart: change.warmStart ?? warmStart,
    secrets: change.secrets ?? secrets.map(({ secretId, env, file }) => ({ ref: secretId, env, file })),
  };
}

/** Whether VMs made from the one are as those made from the other. */
export function isSameContent(a: ReplicaContent, b: ReplicaContent): boolean {
  const { asked: _askedA, ...madeA } = a;
  const { asked: _askedB, ...madeB } = b;
  return JSON.stringify(sorted(madeA)) === JSON.stringify(sorted(madeB));
}

/** Keys in order, so that what is equal reads equal. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
