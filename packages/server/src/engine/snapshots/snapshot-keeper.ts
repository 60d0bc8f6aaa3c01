/**
 * Brings each snapshot to where it is to be: saved, or gone. What is done is idempotent by the snapshot's id, so that a server
 * which dies over it is followed by one that does it again or finds it done. One snapshot is worked on by one
 * loop at a time (the queue sees to that); the VM that is saved is left to its own.
 */
import { isRetryable, toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { SnapshotId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { SnapshotDeps } from '../operations/create-snapshot.ts';
import { recordDeletion, usersOf } from '../operations/delete-snapshot.ts';
import { describeEnd } from '../reconcile/life-end.ts';
import { attemptsOf } from '../reconcile/operation-steps.ts';
import { withTimeout } from '../with-timeout.ts';
import * as writer from './snapshot-writer.ts';

type KeeperDeps = Omit<SnapshotDeps, 'wake' | 'hostProbe' | 'giveWay'> &
  Pick<EngineDeps, 'driver' | 'log'> & { readonly config: EngineConfig };

export interface SnapshotKeeper {
  /** Works on the snapshot until nothing more is to be done. */
  run(id: SnapshotId, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends the work under way on it, since something else is wanted now. */
  interrupt(id: SnapshotId): void;
}

const SAVE = 'save-machine';
const REMOVE = 'delete-saved';
/** Times a machine is tried to be saved, when the fault may pass by itself. */
const MAX_ATTEMPTS = 3;
/** Back-off of a step that is carried out again, milliseconds: doubled each time, up to the cap, with full jitter. */
const BACKOFF = { firstMs: 200, capMs: 15_000 } as const;

export function createSnapshotKeeper(deps: KeeperDeps): SnapshotKeeper {
  const underWay = new Map<SnapshotId, AbortController>();

  async function run(id: SnapshotId, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (let isDone = false; !isDone && !signal.aborted; ) {
      const turn = new AbortController();
      underWay.set(id, turn);
      try {
        isDone = await takeTurn(deps, id, AbortSignal.any([signal, turn.signal]));
      } catch (error) {
        if (!isConflict(error) && !turn.signal.aborted && !signal.aborted) throw error;
      } finally {
        underWay.delete(id);
      }
    }
  }

  return {
    run,
    interrupt: (id) =>
      underWay
        .get(id)
        ?.abort(new VolaryError('aborted', 'Something else is wanted now.', { reason: 'operation.superseded' })),
  };
}

/** True when there is nothing more to be done now. */
async function takeTurn(deps: KeeperDeps, id: SnapshotId, signal: AbortSignal): Promise<boolean> {
  const snapshot = await deps.store.snapshots.get(id);
  if (snapshot === null) return true;
  const operation = snapshot.operationId === null ? null : await deps.store.operations.get(snapshot.operationId);
  const work = { snapshot, operation };
  switch (snapshot.state) {
    case 'creating':
      return await save(deps, work, signal);
    case 'deleting':
      return await remove(deps, work, signal);
    case 'ready':
    case 'failed':
      await wakeWaiting(deps, id);
      return !(snapshot.isTemporary && (await removeIfUnused(deps, snapshot)));
    default:
      return snapshot.state satisfies never;
  }
}

async function save(deps: KeeperDeps, before: writer.SnapshotWork, signal: AbortSignal): Promise<boolean> {
  const { driver, clock, log, config } = deps;
  const work = await writer.writeBegin(deps, before, SAVE);
  const { snapshot } = work;
  try {
    const summary = await withTimeout(clock, config.limits.operationMs, signal, (limited) =>
      driver.saveMachine(snapshot.source.id, snapshot.id, { signal: limited }),
    );
    await writer.writeReady(deps, work, summary);
    log.info('a VM was saved', { snapshotId: snapshot.id, vmId: snapshot.source.id, haltedMs: summary.haltedMs });
  } catch (error) {
    if (isConflict(error) || signal.aborted) throw error;
    log.warn('a VM could not be saved', { snapshotId: snapshot.id, vmId: snapshot.source.id, error });
    const fault = toVolaryError(error);
    const attempt = attemptsOf(work.operation?.steps ?? [], SAVE);
    if (isRetryable(fault.code) && fault.code !== 'resource_exhausted' && attempt < MAX_ATTEMPTS) {
      await writer.writeRetry(deps, work, fault);
      retryLater(deps, snapshot.id, attempt);
      return true;
    }
    await driver.deleteSaved(snapshot.id, { signal });
    await writer.writeFailed(deps, work, await explain(deps, snapshot, fault, signal));
  }
  return false;
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

async function remove(deps: KeeperDeps, before: writer.SnapshotWork, signal: AbortSignal): Promise<boolean> {
  const work = await writer.writeBegin(deps, before, REMOVE);
  const { id } = work.snapshot;
  try {
    await deps.driver.deleteSaved(id, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    deps.log.error('cleaning up failed; it will be tried again', { snapshotId: id, error });
    await writer.writeRetry(deps, work, toVolaryError(error));
    retryLater(deps, id, attemptsOf(work.operation?.steps ?? [], REMOVE));
    return true;
  }
  await writer.writeGone(deps, work);
  return true;
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
  for (const vm of await store.vms.listPendingFrom(id, writer.MOST_WAITING)) queue.enqueue(`vm:${vm.id}`);
}

function retryLater({ queue, ids }: KeeperDeps, id: SnapshotId, attempt: number): void {
  const delayMs = Math.ceil(ids.random() * Math.min(BACKOFF.capMs, BACKOFF.firstMs * 2 ** attempt));
  queue.enqueue(`snapshot:${id}`, { delayMs });
}

function isConflict(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'store.revision';
}
