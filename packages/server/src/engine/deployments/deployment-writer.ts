/**
 * The one writer of what is seen of deployments. Each function is one transaction: the deployment's row, its VMs with their operations,
 * and the events that tell of them, or nothing. The row is compared-and-set on its revision, which is the claim to the work: a `conflict` means that
 * somebody wants something else meanwhile, and it is looked at anew.
 */
import type { Deployment, ReplicaContent } from '../../domain/deployment/deployment.ts';
import { replicaName } from '../../domain/deployment/deployment.ts';
import type { ReplicaAction } from '../../domain/deployment/plan-replicas.ts';
import type { NewEvent } from '../../domain/events.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { totalDiskGib } from '../../domain/vm/extra-disk.ts';
import type { Tables } from '../../ports/store.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { newVm, storeVm } from '../operations/new-vm.ts';
import { noteUses } from '../operations/note-uses.ts';
import { announce, doneTo, type OperationDeps, recordChange } from '../operations/request-change.ts';
import type { Accepted } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { deploymentEvent } from './deployment-events.ts';

type Creation = Extract<ReplicaAction, { kind: 'create' }>;
type Removal = Extract<ReplicaAction, { kind: 'remove' }>;

/** The label that its VMs are found by. */
const DEPLOYMENT_LABEL = 'volary.deployment';

/** Writes what has changed of the row, with events. */
export async function writeDeployment(
  deps: OperationDeps,
  before: Deployment,
  patch: Partial<Deployment>,
  events: readonly NewEvent[] = [],
): Promise<Deployment> {
  const after = next(deps, before, patch);
  await deps.store.transaction(async (tables) => {
    await tables.deployments.update(after);
    if (events.length > 0) await tables.events.append(events);
  });
  tell(deps, after, events.length > 0);
  return after;
}

/** Has these VMs deleted, as far as they are there and not going already. */
export async function writeRemovals(
  deps: OperationDeps,
  before: Deployment,
  {
    removals,
    patch,
    events,
  }: {
    readonly removals: readonly Removal[];
    readonly patch: Partial<Deployment>;
    readonly events: readonly NewEvent[];
  },
): Promise<Deployment> {
  const after = next(deps, before, patch);
  const accepted = await deps.store.transaction(async (tables) => {
    await tables.deployments.update(after);
    const removed: Accepted[] = [];
    for (const removal of removals) removed.push(...(await remove(deps, tables, after, removal)));
    if (events.length > 0) await tables.events.append(events);
    return removed;
  });
  for (const each of accepted) announce(deps, each);
  tell(deps, after, true);
  return after;
}

async function remove(
  deps: OperationDeps,
  tables: Tables,
  { id: deploymentId }: Deployment,
  { vmId, why }: Removal,
): Promise<readonly Accepted[]> {
  const vm = await tables.vms.get(vmId);
  if (vm === null || vm.desired.power === 'absent') return [];
  const active = await tables.operations.findActive(vmId);
  const data = { deployment_id: deploymentId, reason: why };
  const desired = { power: 'absent' } as const;
  const change = { kind: 'vm.delete', phase: 'deleting', event: 'vm.deleting', desired, data } as const;
  const accepted = await recordChange(deps, tables, { vm, active, principal: SYSTEM, change });
  await recordAudit(tables, deps.clock, SYSTEM, doneTo(accepted, data));
  return [accepted];
}

/**
 * Makes these VMs, all or none; `contents`: by the number of their revision. Throws as a VM's creation: `already_exists` vm.name_taken,
 * `resource_exhausted` quota.exceeded / host.no_memory / host.no_disk.
 */
export async function writeCreations(
  deps: OperationDeps,
  before: Deployment,
  creations: readonly Creation[],
  contents: ReadonlyMap<number, ReplicaContent>,
): Promise<Deployment> {
  const after = next(deps, before, {});
  const accepted = await makingRoom(deps, (facts) =>
    deps.store.transaction(async (tables) => {
      await tables.deployments.update(after);
      const made: Accepted[] = [];
      const promised = await tables.vms.promised();
      let [memoryMib, diskGib] = [0, 0];
      for (const creation of creations) {
        const content = contents.get(creation.revision);
        if (content === undefined) continue;
        const { spec } = content;
        const others = {
          memoryMib: promised.memoryMib + memoryMib,
          poweredCount: promised.poweredCount + made.length,
          diskGib: promised.diskGib + diskGib,
        };
        admitMemory(spec.memoryMib, facts, others, deps.config.limits);
        admitDisk(totalDiskGib(spec), facts, others, deps.config.limits);
        memoryMib += spec.memoryMib;
        diskGib += totalDiskGib(spec);
        made.push(await create(deps, tables, { deployment: after, creation, content }));
      }
      return made;
    }),
  );
  for (const each of accepted) announce(deps, each);
  tell(deps, after, true);
  return after;
}

async function create(
  deps: OperationDeps,
  tables: Tables,
  { deployment, creation, content }: { deployment: Deployment; creation: Creation; content: ReplicaContent },
): Promise<Accepted> {
  const { index, revision } = creation;
  const made = newVm(deps, SYSTEM, {
    name: replicaName(deployment, index),
    owner: deployment.owner,
    replicaOf: { deploymentId: deployment.id, index, revision },
    driver: content.driver,
    spec: content.spec,
    labels: { ...content.labels, [DEPLOYMENT_LABEL]: deployment.name },
    metadata: content.metadata,
    secrets: content.secrets,
    start: true,
    warmStart: content.warmStart,
    origin: null,
  });
  await storeVm(deps, tables, SYSTEM, made);
  await noteUses(tables, content.spec, deps.clock.now());
  await recordAudit(tables, deps.clock, SYSTEM, doneTo(made, { deployment_id: deployment.id }));
  return made;
}

/** Removes the row with its revisions: the last of its VMs is gone. */
export async function writeDeploymentGone(deps: OperationDeps, deployment: Deployment): Promise<void> {
  const gone = deploymentEvent('deployment.deleted', deployment, deps.clock.now());
  await deps.store.transaction(async (tables) => {
    await tables.deployments.delete(deployment.id, deployment.revision);
    await tables.events.append([gone]);
  });
  tell(deps, deployment, true);
}

function next({ clock }: OperationDeps, before: Deployment, patch: Partial<Deployment>): Deployment {
  return { ...before, ...patch, revision: before.revision + 1, updatedAt: clock.now() };
}

function tell({ bus }: OperationDeps, { id }: Deployment, hasEvents: boolean): void {
  if (hasEvents) bus.publish('events', '');
  bus.publish('deployment', id);
}
