/**
 * Carries batches out: so many items at a time, each of them an operation or a command of its VM's. What is written down of a batch is enough for the next server to go on:
 * an item that was accepted is found again by its key, and none is done twice. Batches wait for VMs, which the queue works on: they take no place in it.
 */
import type { Batch, BatchItem } from '../../domain/batch/batch.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { OperationId } from '../../domain/ids.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { createBuilds } from '../reconcile/builds.ts';
import type { OperationRecorder } from '../reconcile/operation-recorder.ts';
import { resumeCommand } from './batch-command.ts';
import { carryOutItem, claimOf, type ItemDeps } from './batch-item.ts';
import { readBatchResult, toBatchResult } from './batch-result.ts';

export interface BatchKeeper {
  /** Goes on with the batch, unless it is over or under way. Returns at once. */
  begin(id: OperationId, options: Abortable): void;
  /** Follows the commands of batches that a former server was carrying out. Before all other executions are followed. */
  resumeCommands(): Promise<void>;
  /** Begins no more of its items, since it was cancelled. Those under way go on. */
  interrupt(id: OperationId): void;
  /** Resolves when nothing is under way, after the signal of `begin` was aborted. */
  settled(): Promise<void>;
}

export function createBatchKeeper(deps: ItemDeps & EngineDeps): BatchKeeper {
  const builds = createBuilds(deps, (operation, recorder, options) => carryOut(deps, operation, recorder, options));
  const underWay = new Map<OperationId, Promise<void>>();

  return {
    begin(id, options) {
      if (underWay.has(id)) return;
      const work = builds
        .run(id, options)
        .catch((error: unknown) => deps.log.error('a batch could not be carried out', { operationId: id, error }))
        .finally(() => underWay.delete(id));
      underWay.set(id, work);
    },
    async resumeCommands() {
      for (const { id, kind, result } of await deps.store.operations.listActive()) {
        const items = kind === 'vm.batch' ? (readBatchResult(result)?.items ?? []) : [];
        for (const [place, item] of items.entries())
          if (item.action === 'exec' && !isOver(item)) await resumeCommand(deps, item, claimOf(id, place));
      }
    },
    interrupt: (id) => builds.interrupt(id),
    async settled() {
      await Promise.all(underWay.values());
    },
  };
}

async function carryOut(
  deps: ItemDeps,
  operation: Operation,
  recorder: OperationRecorder,
  { signal }: Abortable,
): Promise<void> {
  const batch = readBatchResult(operation.result);
  if (batch === null) throw new TypeError('the operation keeps no batch');
  const orders = await deps.store.batchOrders.get(operation.id);
  const items = [...batch.items];
  let writing = Promise.resolve();
  let isWritten = true;
  const write = async (): Promise<void> => {
    // What several items have come to is written together.
    if (isWritten) return;
    isWritten = true;
    await recorder.keep(toBatchResult({ ...batch, items }), progressOf(items));
  };
  const put = (place: number, item: BatchItem): void => {
    items[place] = item;
    isWritten = false;
    writing = writing.then(write);
    // Whoever waits for the end is told.
    writing.catch(() => undefined);
  };
  const isToStop = (): boolean => batch.isStoppedByError && items.some(({ state }) => state === 'failed');
  // One iterator for all: each takes the next.
  const places = batch.items.entries();

  async function worker(): Promise<void> {
    for (const [place, item] of places) {
      if (isOver(item)) continue;
      signal.throwIfAborted();
      // One that a former server began is seen to its end.
      if (item.state === 'pending' && isToStop()) {
        put(place, { ...item, state: 'skipped' });
        continue;
      }
      const onBegun = (begun: BatchItem): void => put(place, begun);
      put(place, await carryOutItem(deps, { batch: operation, place, item, orders }, { signal, onBegun }));
    }
  }

  await Promise.all(Array.from({ length: batch.concurrency }, worker));
  await writing;
  await end(recorder, { ...batch, items });
}

async function end(recorder: OperationRecorder, batch: Batch): Promise<void> {
  const count = (state: BatchItem['state']): number => batch.items.filter((item) => item.state === state).length;
  const [failed, skipped] = [count('failed'), count('skipped')];
  if (failed === 0) return await recorder.succeed(toBatchResult(batch));
  const left = skipped === 0 ? '' : `, ${skipped} were skipped`;
  const message = `${failed} of ${batch.items.length} failed${left}: the operation's result says which.`;
  await recorder.fail(
    new VolaryError('aborted', message, { reason: 'batch.items_failed', details: { failed, skipped } }),
  );
}

function progressOf(items: readonly BatchItem[]): NonNullable<Operation['progress']> {
  const done = items.filter(isOver).length;
  return { fraction: done / items.length, message: `${done} of ${items.length}` };
}

function isOver({ state }: BatchItem): boolean {
  return state !== 'pending' && state !== 'running';
}
