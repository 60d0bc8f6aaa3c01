/** Saves machines as snapshots, and removes what was saved. The VM that is saved is left to its own loop. */
import { VolaryError } from '../../domain/errors.ts';
import type { SnapshotId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { SavedSummary } from '../../ports/driver.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { SnapshotDeps } from '../operations/create-snapshot.ts';
import { recordDeletion, usersOf } from '../operations/delete-snapshot.ts';
import { snapshotEvent } from '../operations/snapshot-events.ts';
import { describeEnd } from '../reconcile/life-end.ts';
import { createResourceKeeper, type ResourceKeeper } from '../resources/resource-keeper.ts';
import type { Made } from '../resources/resource-writer.ts';

type KeeperDeps = Omit<SnapshotDeps, 'wake' | 'hostProbe' | 'giveWay'> &
  Pick<EngineDeps, 'driver' | 'log'> & { readonly config: EngineConfig };

export type SnapshotKeeper = ResourceKeeper<SnapshotId>;

/** VMs that wait for one snapshot at most. */
const MOST_WAITING = 256;

export function createSnapshotKeeper(deps: KeeperDeps): SnapshotKeeper {
  const { store, driver } = deps;
  return createResourceKeeper<Snapshot>(deps, {
    name: 'snapshot',
    keyOf: (id) => `snapshot:${id}`,
    steps: { make: 'save-machine', remove: 'delete-saved' },
    update: (tables, snapshot) => tables.snapshots.update(snapshot),
    delete: (tables, { id, revision }) => tables.snapshots.delete(id, revision),
    event: (end, snapshot, operation, at, data) => snapshotEvent(`snapshot.${end}`, snapshot, operation, at, data),
    find: (id) => store.snapshots.get(id),
    isOwnMaking: async () => true,
    make: async (snapshot, signal) =>
      saved(snapshot, await driver.saveMachine(snapshot.source.id, snapshot.id, { signal })),
    remove: ({ id }, signal) => driver.deleteSaved(id, { signal }),
    explain: (snapshot, fault, signal) => explain(deps, snapshot, fault, signal),
    settle: async (snapshot) => {
      await wakeWaiting(deps, snapshot.id);
      return !(snapshot.isTemporary && (await removeIfUnused(deps, snapshot)));
    },
  });
}

/**
 * How large the machine was that was saved: it may have been made larger since it was asked for, and what is made from it begins with
 * that size. That goes for those who have waited for it, too.
 */
function saved({ spec: asked }: Snapshot, summary: SavedSummary): Made<Snapshot> {
  const { sizeBytes, haltedMs, vcpuCount, memoryMib } = summary;
  const size = { vcpuCount, memoryMib };
  const isOther = asked.vcpuCount !== vcpuCount || asked.memoryMib !== memoryMib;
  // What somebody has set of one meanwhile is left as it is.
  const sizeFor = ({ spec }: Vm) => ({
    vcpuCount: spec.vcpuCount === asked.vcpuCount ? vcpuCount : spec.vcpuCount,
    memoryMib: spec.memoryMib === asked.memoryMib ? memoryMib : spec.memoryMib,
  });
  return {
    facts: { sizeBytes, haltedMs, spec: { ...asked, ...size } },
    data: { size_bytes: sizeBytes, halted_ms: haltedMs },
    also: async (tables, { id }) => {
      const waiting = isOther ? await tables.vms.listPendingFrom(id, MOST_WAITING) : [];
      for (const vm of waiting)
        await tables.vms.update({ ...vm, spec: { ...vm.spec, ...sizeFor(vm) }, revision: vm.revision + 1 });
    },
  };
}

/** A machine that is not there any more has a history, and that is what the caller wants to know. */
async function explain(
  { store, driver }: KeeperDeps,
  { source }: Snapshot,
  fault: VolaryError,
  signal: AbortSignal,
): Promise<VolaryError> {
  if (fault.reason !== 'driver.no_machine') return fault;
  const { machine } = await driver.inspect(source.id, { signal });
  const vm = await store.vms.get(source.id);
  const failure = vm?.status.phase === 'failed' ? vm.status.failure.message : 'Its machine was ended.';
  const why = machine.kind === 'ended' ? describeEnd(machine.end) : vm === null ? 'It was deleted.' : failure;
  return new VolaryError('failed_precondition', `${source.name} ended before it could be saved. ${why}`, {
    reason: 'snapshot.source_ended',
    cause: fault,
  });
}

/** What was made for a fork goes when the last of its VMs has begun, or has given up. True if it is to go now. */
async function removeIfUnused(deps: KeeperDeps, { id }: Snapshot): Promise<boolean> {
  const removal = await deps.store.transaction(async (tables) => {
    const snapshot = await tables.snapshots.get(id);
    if (snapshot === null || snapshot.state === 'deleting' || (await usersOf(tables, id)).length > 0) return null;
    return await recordDeletion(deps, tables, { snapshot, active: null, by: 'system' });
  });
  if (removal === null) return false;
  deps.bus.publish('events', '');
  return true;
}

async function wakeWaiting({ store, queue }: KeeperDeps, id: SnapshotId): Promise<void> {
  for (const vm of await store.vms.listPendingFrom(id, MOST_WAITING)) queue.enqueue(`vm:${vm.id}`);
}
