/**
 * The one writer of a volume's state. Each function is one transaction: the row, its operation and the events that tell of the
 * change, or nothing. A `conflict` means that somebody has asked for something else meanwhile.
 */
import type { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { operationEvent } from '../operations/events.ts';
import { beginStep, closeSteps, endStep } from '../reconcile/operation-steps.ts';
import { volumeEvent } from './volume-events.ts';

type WriterDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'>;

/** A volume together with the operation under way on it; null: it is kept by the deletion of a VM, whose operation tells. */
export interface VolumeWork {
  readonly volume: Volume;
  readonly operation: Operation | null;
}

/** Writes that a step begins. */
export async function writeBegin(deps: WriterDeps, work: VolumeWork, step: string): Promise<VolumeWork> {
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
export async function writeRetry(deps: WriterDeps, work: VolumeWork, error: VolaryError): Promise<VolumeWork> {
  const { operation } = work;
  if (operation === null) return work;
  const steps = endStep(operation.steps, 'failed', error.message, deps.clock.now());
  const next: Operation = { ...operation, steps, revision: operation.revision + 1 };
  return await write(deps, { ...work, operation: next }, [], async (tables) => {
    await tables.operations.update(next);
  });
}

/** Writes that the volume is complete. */
export async function writeReady(deps: WriterDeps, work: VolumeWork): Promise<VolumeWork> {
  const now = deps.clock.now();
  const volume = changed(work.volume, { state: 'ready', operationId: null }, now);
  const operation = succeeded(work.operation, now);
  const events = [
    volumeEvent('volume.ready', volume, operation, now),
    ...(operation === null ? [] : [operationEvent('operation.succeeded', operation, now)]),
  ];
  return await write(deps, { volume, operation }, events, async (tables) => {
    await tables.volumes.update(volume);
    if (operation !== null) await tables.operations.update(operation);
  });
}

/** Writes that it could not be made, and why. */
export async function writeFailed(deps: WriterDeps, work: VolumeWork, error: VolaryError): Promise<VolumeWork> {
  const now = deps.clock.now();
  const { code, reason, message, details } = error;
  const volume = changed(work.volume, { state: 'failed', operationId: null, failure: { reason, message } }, now);
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
    volumeEvent('volume.failed', volume, operation, now, { reason, message }),
    ...(operation === null ? [] : [operationEvent('operation.failed', operation, now)]),
  ];
  return await write(deps, { volume, operation }, events, async (tables) => {
    await tables.volumes.update(volume);
    if (operation !== null) await tables.operations.update(operation);
  });
}

/** Removes the row: nothing is left of it but its operations and events. */
export async function writeGone(deps: WriterDeps, work: VolumeWork): Promise<void> {
  const now = deps.clock.now();
  const { volume } = work;
  const operation = succeeded(work.operation, now);
  const events = [
    volumeEvent('volume.deleted', volume, operation, now),
    ...(operation === null ? [] : [operationEvent('operation.succeeded', operation, now)]),
  ];
  await write(deps, { volume, operation }, events, async (tables) => {
    await tables.volumes.delete(volume.id, volume.revision);
    if (operation !== null) await tables.operations.update(operation);
  });
}

function changed(volume: Volume, change: Partial<Volume>, now: number): Volume {
  return { ...volume, ...change, updatedAt: now, revision: volume.revision + 1 };
}

function succeeded(operation: Operation | null, now: number): Operation | null {
  if (operation === null) return null;
  return {
    ...operation,
    state: 'succeeded',
    startedAt: operation.startedAt ?? now,
    completedAt: now,
    steps: closeSteps(endStep(operation.steps, 'succeeded', null, now), now),
    progress: null,
    revision: operation.revision + 1,
  };
}

async function write(
  { store, bus }: WriterDeps,
  next: VolumeWork,
  events: readonly NewEvent[],
  rows: (tables: Tables) => Promise<void>,
): Promise<VolumeWork> {
  await store.transaction(async (tables) => {
    await rows(tables);
    if (events.length > 0) await tables.events.append(events);
  });
  if (events.length > 0) bus.publish('events', '');
  if (next.operation !== null) bus.publish('operation', next.operation.id);
  return next;
}
