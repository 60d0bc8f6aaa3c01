import type { Principal } from '../../domain/principal/principal.ts';
import { toolText, type VmTool } from '../../domain/tool/tool.ts';
import type { VmSettings } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { Updated, UpdateOptions, UpdateVmRequest } from '../apis/config-api.ts';
import { keepCloudInit } from '../cloud-init/cloud-init-tool.ts';
import { changeSettings } from '../config/change-settings.ts';
import { mergeSettings } from '../config/merge-settings.ts';
import type { EngineDeps } from '../deps.ts';
import { findVm } from '../queries/find-vm.ts';
import { grantsFor } from '../secrets/grants.ts';
import { requireChangeable, resolveTools } from '../tools/vm-tools.ts';
import { withOpenapi } from '../workloads/fetch-openapi.ts';
import type { OperationDeps } from './request-change.ts';

/** Changes what somebody has set of a VM; what is not given stays as it is. */
export async function updateVm(
  deps: OperationDeps & Pick<EngineDeps, 'tools' | 'documents'>,
  principal: Principal,
  ref: string,
  request: UpdateVmRequest,
  options: UpdateOptions,
): Promise<Updated> {
  authorise(principal, 'vm:update');
  const asked = { principal, permission: 'vm:update' } as const;
  // Some sites are slow to say which versions they have: not while the store waits.
  const tools =
    request.tools === undefined ? null : await otherTools(deps, await findVm(deps.store, asked, ref), request.tools);
  const spec = await withOpenapi(deps, principal, request.spec ?? {});
  return await changeSettings(deps, {
    ...{ principal, ref, options },
    settingsFor: async (vm, tables) => ({
      ...withTools(mergeSettings(vm, { ...request, spec }, deps.clock.now()), tools),
      secrets: await secretsOf(tables, principal, vm, request),
    }),
    causeOf: () => ({ kind: 'changed' }),
  });
}

async function otherTools(
  deps: OperationDeps & Pick<EngineDeps, 'tools'>,
  vm: Vm,
  asked: readonly string[],
): Promise<readonly VmTool[]> {
  const driver = deps.drivers.of(vm);
  requireChangeable(driver);
  return await resolveTools(deps, driver, asked);
}

/** What it has already in that very version it has still. */
function withTools(settings: VmSettings, tools: readonly VmTool[] | null): VmSettings {
  if (tools === null) return settings;
  const present = new Map(settings.spec.tools.map((tool) => [toolText(tool), tool]));
  return {
    ...settings,
    spec: {
      ...settings.spec,
      tools: keepCloudInit(tools, settings.spec).map((tool) => present.get(toolText(tool)) ?? tool),
    },
  };
}

async function secretsOf(
  tables: Tables,
  principal: Principal,
  { owner, secrets }: Vm,
  request: UpdateVmRequest,
): Promise<Vm['secrets']> {
  return request.secrets === undefined ? secrets : await grantsFor(tables, { principal, owner }, request.secrets);
}
