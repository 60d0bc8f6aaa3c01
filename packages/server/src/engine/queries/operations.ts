import { VolaryError } from '../../domain/errors.ts';
import { type OperationId, parseId, type VmId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { OperationApi } from '../engine.ts';
import { findVm } from './find-vm.ts';
import { waitFor } from './wait-for.ts';

/** How long a follower that hears no hint waits before it looks by itself again. */
const FOLLOW_MS = 60_000;

export function createOperationQueries(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
): Omit<OperationApi, 'cancel'> {
  async function find(id: OperationId): Promise<Operation> {
    const operation = await deps.store.operations.get(id);
    if (operation !== null) return operation;
    throw new VolaryError('not_found', `There is no operation ${id}.`, { reason: 'operation.unknown' });
  }

  /** Also the id of a VM that is gone: its operations stay. */
  async function vmIdOf(ref: string): Promise<VmId> {
    return parseId('vm', ref) ?? (await findVm(deps.store, ref)).id;
  }

  return {
    async get(principal, id) {
      authorise(principal, 'operation:read');
      return await find(id);
    },
    async list(principal, { limit, after, vm, state, kind }) {
      authorise(principal, 'operation:read');
      const rows = await deps.store.operations.list({
        limit: limit + 1,
        after,
        ...(vm === undefined ? {} : { vmId: await vmIdOf(vm) }),
        ...(state === undefined ? {} : { state }),
        ...(kind === undefined ? {} : { kind }),
      });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async wait(principal, id, waiting) {
      authorise(principal, 'operation:read');
      const final = await waitFor(deps, { topic: 'operation', key: id }, waiting, async () => {
        const operation = await find(id);
        return isFinal(operation.state) ? operation : undefined;
      });
      return final ?? (await find(id));
    },
    async *follow(principal, id, { signal }) {
      authorise(principal, 'operation:read');
      let seen = 0;
      while (!signal.aborted) {
        const changed = await waitFor(
          deps,
          { topic: 'operation', key: id },
          { timeoutMs: FOLLOW_MS, signal },
          async () => {
            const operation = await find(id);
            return operation.revision > seen ? operation : undefined;
          },
        );
        if (changed === undefined) continue;
        seen = changed.revision;
        yield changed;
        if (isFinal(changed.state)) return;
      }
    },
  };
}
