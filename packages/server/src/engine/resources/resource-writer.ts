/**
 * The one writer of the state of a resource that is made and removed by operations: a snapshot, a volume. Each function is one
 * transaction: the row, its operation and the events that tell of the change, or nothing. A `conflict` means that somebody has
 * asked for something else meanwhile.
 */
import type { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { OperationId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { operationEvent } from '../operations/events.ts';
import { beginStep, closeSteps, endStep } from '../reconcile/operation-steps.ts';

/** What rows of such resources have in common. */
export interface Resource {
  readonly id: string;
  readonly state: 'creating' | 'ready' | 'failed' | 'deleting';
  readonly operationId: OperationId | null;
  readonly failure: { readonly reason: string; readonly message: string } | null;
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

/** A resource together with the operation under way on it; null: its making belongs to the operation of another. */
export interface ResourceWork<R extends Resource> {
  readonly row: R;
  readonly operation: Operation | null;
}

/** How resources of one kind are stored and told of. */
export interface ResourceKind<R extends Resource> {
  /** Throws `conflict` store.revision when the row is another by now. */
  update(tables: Tables, row: R): Promise<void>;
  delete(tables: Tables, row: R): Promise<void>;
  event(
    end: 'ready' | 'failed' | 'deleted',
    row: R,
    operation: Operation | null,
    at: EpochMs,
    data: JsonObject,
  ): NewEvent;
}

/** What is known of a resource once it is complete. */
export interface Made<R extends Resource> {
  readonly facts: Partial<R>;
  /** What its event tells besides. */
  readonly data?: JsonObject;
  /** What else is written with it. */
  readonly also?: (tables: Tables, row: R) => Promise<void>;
}

export interface ResourceWriter<R extends Resource> {
  /** Writes that a step begins. */
  begin(work: ResourceWork<R>, step: string): Promise<ResourceWork<R>>;
  /** Writes that the step under way has failed, and will be tried again. */
  retry(work: ResourceWork<R>, error: VolaryError): Promise<ResourceWork<R>>;
  /** Writes that the resource is complete. */
  ready(work: ResourceWork<R>, made?: Made<R>): Promise<ResourceWork<R>>;
  /** Writes that it could not be made, and why. */
  failed(work: ResourceWork<R>, error: VolaryError): Promise<ResourceWork<R>>;
  /** Removes the row: nothing is left of it but its operations and events. */
  gone(work: ResourceWork<R>): Promise<void>;
}

type WriterDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'>;

export function createResourceWriter<R extends Resource>(
  { store, bus, clock }: WriterDeps,
  kind: ResourceKind<R>,
): ResourceWriter<R> {
  async function write(
    next: ResourceWork<R>,
    events: readonly NewEvent[],
    writeRow?: (tables: Tables) => Promise<void>,
  ): Promise<ResourceWork<R>> {
    const { operation } = next;
    await store.transaction(async (tables) => {
      await writeRow?.(tables);
      if (operation !== null) await tables.operations.update(operation);
      if (events.length > 0) await tables.events.append(events);
    });
    if (events.length > 0) bus.publish('events', '');
    if (operation !== null) bus.publish('operation', operation.id);
    return next;
  }

  return {
    async begin(work, step) {
      const { operation } = work;
      if (operation === null) return work;
      const now = clock.now();
      const steps = beginStep(operation.steps, step, now);
      const begun = change(operation, { state: 'running', startedAt: operation.startedAt ?? now, steps });
      const isFirst = operation.state === 'pending';
      return await write(
        { ...work, operation: begun },
        isFirst ? [operationEvent('operation.started', begun, now)] : [],
      );
    },
    async retry(work, { message }) {
      const { operation } = work;
      if (operation === null) return work;
      const steps = endStep(operation.steps, 'failed', message, clock.now());
      return await write({ ...work, operation: change(operation, { steps }) }, []);
    },
    async ready(work, { facts, data = {}, also } = { facts: {} }) {
      const now = clock.now();
      const row = changed(work.row, { ...facts, state: 'ready', operationId: null }, now);
      const operation = succeeded(work.operation, now);
      const events = [kind.event('ready', row, operation, now, data), ...ended(operation, now)];
      return await write({ row, operation }, events, async (tables) => {
        await kind.update(tables, row);
        await also?.(tables, row);
      });
    },
    async failed(work, error) {
      const now = clock.now();
      const failure = { reason: error.reason, message: error.message };
      const row = changed(work.row, { state: 'failed', operationId: null, failure }, now);
      const operation = failedWith(work.operation, error, now);
      const events = [kind.event('failed', row, operation, now, failure), ...ended(operation, now)];
      return await write({ row, operation }, events, (tables) => kind.update(tables, row));
    },
    async gone({ row, operation }) {
      const now = clock.now();
      const done = succeeded(operation, now);
      const events = [kind.event('deleted', row, done, now, {}), ...ended(done, now)];
      await write({ row, operation: done }, events, (tables) => kind.delete(tables, row));
    },
  };
}

function changed<R extends Resource>(row: R, facts: Partial<Resource>, now: EpochMs): R {
  return { ...row, ...facts, updatedAt: now, revision: row.revision + 1 };
}

function change(operation: Operation, facts: Partial<Operation>): Operation {
  return { ...operation, ...facts, revision: operation.revision + 1 };
}

/** The result of a fork's operation was known when it was asked for. */
function succeeded(operation: Operation | null, now: EpochMs): Operation | null {
  if (operation === null) return null;
  return change(operation, {
    state: 'succeeded',
    startedAt: operation.startedAt ?? now,
    completedAt: now,
    steps: closeSteps(endStep(operation.steps, 'succeeded', null, now), now),
    progress: null,
  });
}

function failedWith(operation: Operation | null, error: VolaryError, now: EpochMs): Operation | null {
  if (operation === null) return null;
  const { code, reason, message, details } = error;
  return change(operation, {
    state: 'failed',
    completedAt: now,
    steps: endStep(operation.steps, 'failed', message, now),
    progress: null,
    error: { code, reason, message, details },
  });
}

function ended(operation: Operation | null, now: EpochMs): readonly NewEvent[] {
  if (operation === null) return [];
  const type = operation.state === 'failed' ? 'operation.failed' : 'operation.succeeded';
  return [operationEvent(type, operation, now)];
}
