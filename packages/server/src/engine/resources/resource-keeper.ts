/**
 * Brings each resource of a kind to where it is to be: complete, or gone. What is done is idempotent by the resource's id, so that a
 * server which dies over it is followed by one that does it again or finds it done: there is a row before there is anything else, and
 * the row goes last. One resource is worked on by one loop at a time (the queue sees to that).
 */
import { isRetryable, toVolaryError, type VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { SpanStart } from '../../ports/tracer.ts';
import { backOffMs } from '../back-off.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { createInterruptions } from '../interruptions.ts';
import { isConflict } from '../is-conflict.ts';
import { attemptsOf } from '../reconcile/operation-steps.ts';
import type { WorkKey } from '../reconcile/work-key.ts';
import { asPartOf, traced } from '../tracing/traced.ts';
import { withTimeout } from '../with-timeout.ts';
import { createResourceWriter, type Made, type Resource, type ResourceKind } from './resource-writer.ts';

export interface ResourceKeeper<Id> {
  /** Works on the resource until nothing more is to be done. */
  run(id: Id, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends the work under way on it, since something else is wanted now. */
  interrupt(id: Id): void;
}

/** What is done to resources of one kind. Each is called again after a crash, and then finds done what was done. */
export interface ResourceWorker<R extends Resource> extends ResourceKind<R> {
  /** What it is called in logs. */
  readonly name: 'snapshot' | 'volume';
  keyOf(id: R['id']): WorkKey;
  /** As its operation shows them. */
  readonly steps: { readonly make: string; readonly remove: string };
  find(id: R['id']): Promise<R | null>;
  /** False: another makes it, in its turn. */
  isOwnMaking(row: R): Promise<boolean>;
  make(row: R, signal: AbortSignal): Promise<Made<R>>;
  /** Removes what there is of it. */
  remove(row: R, signal: AbortSignal): Promise<void>;
  /** What is said of a making that has failed for good. */
  explain(row: R, fault: VolaryError, signal: AbortSignal): Promise<VolaryError>;
  /** Looks at one that is made, or never will be; true when there is nothing more to be done with it. */
  settle(row: R): Promise<boolean>;
}

type KeeperDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'ids' | 'queue' | 'log' | 'tracer'> & {
  readonly config: EngineConfig;
};

function stepSpan(operation: Operation | null, step: string): SpanStart {
  const attempt = attemptsOf(operation?.steps ?? [], step);
  return { name: `step ${step}`, attributes: { 'volary.step.attempt': attempt }, parent: operation?.trace ?? null };
}

/** Times it is tried to be made, when the fault may pass by itself. */
const MAX_ATTEMPTS = 3;

export function createResourceKeeper<R extends Resource>(
  deps: KeeperDeps,
  worker: ResourceWorker<R>,
): ResourceKeeper<R['id']> {
  const { store, clock, ids, queue, log, tracer, config } = deps;
  const writer = createResourceWriter(deps, worker);
  const interruptions = createInterruptions<R['id']>();

  async function run(id: R['id'], { signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (let isDone = false; !isDone && !signal.aborted; ) {
      isDone = await interruptions.during(id, signal, async (turn) => {
        try {
          return await takeTurn(id, turn);
        } catch (error) {
          if (isConflict(error) || turn.aborted) return false;
          throw error;
        }
      });
    }
  }

  /** True when there is nothing more to be done now. */
  async function takeTurn(id: R['id'], signal: AbortSignal): Promise<boolean> {
    const row = await worker.find(id);
    if (row === null) return true;
    const operation = row.operationId === null ? null : await store.operations.get(row.operationId);
    switch (row.state) {
      case 'creating':
        return (
          !(await worker.isOwnMaking(row)) ||
          (await asPartOf(tracer, operation, () => make({ row, operation }, signal)))
        );
      case 'deleting':
        return await asPartOf(tracer, operation, () => remove({ row, operation }, signal));
      case 'ready':
      case 'failed':
        return await worker.settle(row);
      default:
        return row.state satisfies never;
    }
  }

  async function make(before: Parameters<typeof writer.begin>[0], signal: AbortSignal): Promise<boolean> {
    const step = worker.steps.make;
    const work = await writer.begin(before, step);
    const { row, operation } = work;
    const { id } = row;
    try {
      const made = await withTimeout(clock, config.limits.operationMs, signal, (limited) =>
        traced(tracer, stepSpan(operation, step), () => worker.make(row, limited)),
      );
      await writer.ready(work, made);
      log.info(`a ${worker.name} was made`, { id, ...made.data });
    } catch (error) {
      if (isConflict(error) || signal.aborted) throw error;
      log.warn(`a ${worker.name} could not be made`, { id, error });
      const fault = toVolaryError(error);
      const attempt = attemptsOf(operation?.steps ?? [], step);
      if (isRetryable(fault.code) && fault.code !== 'resource_exhausted' && attempt < MAX_ATTEMPTS) {
        await writer.retry(work, fault);
        return later(id, attempt);
      }
      await worker.remove(row, signal);
      await writer.failed(work, await worker.explain(row, fault, signal));
    }
    return false;
  }

  async function remove(before: Parameters<typeof writer.begin>[0], signal: AbortSignal): Promise<boolean> {
    const step = worker.steps.remove;
    const work = await writer.begin(before, step);
    const { row, operation } = work;
    try {
      await traced(tracer, stepSpan(operation, step), () => worker.remove(row, signal));
    } catch (error) {
      if (signal.aborted) throw error;
      log.error('cleaning up failed; it will be tried again', { id: row.id, error });
      await writer.retry(work, toVolaryError(error));
      return later(row.id, attemptsOf(operation?.steps ?? [], step));
    }
    await writer.gone(work);
    return true;
  }

  function later(id: R['id'], attempt: number): true {
    queue.enqueue(worker.keyOf(id), { delayMs: backOffMs(ids, attempt) });
    return true;
  }

  return { run, interrupt: (id) => interruptions.interrupt(id) };
}
