/**
 * The one writer of a snapshot's state. Each function is one transaction: the row, its operation and the events that tell of the
 * change, or nothing. A `conflict` means that somebody has asked for something else meanwhile.
 */
import type { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { SavedSummary } from '../../ports/driver.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { operationEvent } from '../operations/events.ts';
import { snapshotEvent } from '../operations/snapshot-events.ts';
import { beginStep, closeSteps, endStep } from '../reconcile/operation-steps.ts';

/** VMs that wait for one snapshot at most. */
export const MOST_WAITING = 256;

type WriterDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'>;

/** A snapshot together with the operation under way on it. */
export interface SnapshotWork {
  readonly snapshot: Snapshot;
  readonly operation: Operation | null;
}

/** Writes that a step begins. */
export async function writeBegin(deps: WriterDeps, work: SnapshotWork, step: string): Promise<SnapshotWork> {
  const { operation } = work;
  if (operation === null) return work;
  const now = deps.clock.now();
  const begun: Operation = {
    ...operation,
    state: 'running',
    startedAt: operation.startedAt ?? now,
    steps: beginStep(operation.steps, step, now),
    revision: operation.revision + 1,
  };
  const events = operation.state === 'pending' ? [operationEvent('operation.started', begun, now)] : [];
  return await write(deps, { ...work, operation: begun }, events, async (tables) => {
    await tables.operations.update(begun);
  });
}

/** Writes that the step under way has failed, and will be tried again. */
export async function writeRetry(deps: WriterDeps, work: SnapshotWork, error: VolaryError): Promise<SnapshotWork> {
  const { operation } = work;
  if (operation === null) return work;
  const steps = endStep(operation.steps, 'failed', error.message, deps.clock.now());
  const next: Operation = { ...operation, steps, revision: operation.revision + 1 };
  return await write(deps, { ...work, operation: next }, [], async (tables) => {
    await tables.operations.update(next);
  });
}

/**
 * Writes that the snapshot is complete, and how large the machine was that was saved: it may have been made larger since it was asked for, and what is made
 * from it can be of that size alone. That goes for those who have waited for it, too.
 */
export async function writeReady(deps: WriterDeps, work: SnapshotWork, summary: SavedSummary): Promise<SnapshotWork> {
  const now = deps.clock.now();
  const { sizeBytes, haltedMs, vcpuCount, memoryMib } = summary;
  const asked = work.snapshot.spec;
  const size = { vcpuCount, memoryMib };
  const isOther = asked.vcpuCount !== vcpuCount || asked.memoryMib !== memoryMib;
  const spec = { ...asked, ...size };
  const snapshot = changed(work.snapshot, { state: 'ready', operationId: null, sizeBytes, haltedMs, spec }, now);
  const operation = succeeded(work.operation, now);
  const events = [
    snapshotEvent('snapshot.ready', snapshot, operation, now, { size_bytes: sizeBytes, halted_ms: haltedMs }),
    ...(operation === null ? [] : [operationEvent('operation.succeeded', operation, now)]),
  ];
  return await write(deps, { snapshot, operation }, events, async (tables) => {
    await tables.snapshots.update(snapshot);
    if (operation !== null) await tables.operations.update(operation);
    const waiting = isOther ? await tables.vms.listPendingFrom(snapshot.id, MOST_WAITING) : [];
    for (const vm of waiting)
      await tables.vms.update({ ...vm, spec: { ...vm.spec, ...size }, revision: vm.revision + 1 });
  });
}

/** Writes that it could not be made, and why. */
export async function writeFailed(deps: WriterDeps, work: SnapshotWork, error: VolaryError): Promise<SnapshotWork> {
  const now = deps.clock.now();
  const { code, reason, message, details } = error;
  const snapshot = changed(work.snapshot, { state: 'failed', operationId: null, failure: { reason, message } }, now);
  const operation: Operation | null =
    work.operation === null
      ? null
      : {
          ...work.operation,
          state: 'failed',
          completedAt: now,
          steps: endStep(work.operation.steps, 'failed', message, now),
          error: { code, reason, message, details },
          revision: work.operation.revision + 1,
        };
  const events = [
    snapshotEvent('snapshot.failed', snapshot, operation, now, { reason, message }),
    ...(operation === null ? [] : [operationEvent('operation.failed', operation, now)]),
  ];
  return await write(deps, { snapshot, operation }, events, async (tables) => {
    await tables.snapshots.update(snapshot);
    if (operation !== null) await tables.operations.update(operation);
  });
}

/** Removes the row: nothing is left of it but its operations and events. */
export async function writeGone(deps: WriterDeps, work: SnapshotWork): Promise<void> {
  const now = deps.clock.now();
  const { snapshot } = work;
  const operation = succeeded(work.operation, now);
  const events = [
    snapshotEvent('snapshot.deleted', snapshot, operation, now),
    ...(operation === null ? [] : [operationEvent('operation.succeeded', operation, now)]),
  ];
  await write(deps, { snapshot, operation }, events, async (tables) => {
    await tables.snapshots.delete(snapshot.id, snapshot.revision);
    if (operation !== null) await tables.operations.update(operation);
  });
}

function changed(snapshot: Snapshot, change: Partial<Snapshot>, now: number): Snapshot {
  return { ...snapshot, ...change, updatedAt: now, revision: snapshot.revision + 1 };
}

/** The result of a fork's operation was known when it was asked for. */
function succeeded(operation: Operation | null, now: number): Operation | null {
  if (operation === null) return null;
  return {
    ...operation,
    state: 'succeeded',
    startedAt: operation.startedAt ?? now,
    completedAt: now,
    steps: closeSteps(endStep(operation.steps, 'succeeded', null, now), now),
    revision: operation.revision + 1,
  };
}

async function write(
  { store, bus }: WriterDeps,
  next: SnapshotWork,
  events: readonly NewEvent[],
  rows: (tables: Tables) => Promise<void>,
): Promise<SnapshotWork> {
  await store.transaction(async (tables) => {
    await rows(tables);
    if (events.length > 0) await tables.events.append(events);
  });
  if (events.length > 0) bus.publish('events', '');
  if (next.operation !== null) bus.publish('operation', next.operation.id);
  return next;
}
