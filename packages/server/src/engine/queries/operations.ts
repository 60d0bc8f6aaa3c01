import type { OperationId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { OperationApi } from '../apis/operation-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findOperation } from './find-operation.ts';
import { vmIdOf } from './find-vm.ts';
import { waitFor } from './wait-for.ts';

/** How long a follower that hears no hint waits before it looks by itself again. */
const FOLLOW_MS = 60_000;

export function createOperationQueries(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
): Omit<OperationApi, 'cancel' | 'estimate' | 'expect'> {
  async function find(principal: Principal, id: OperationId): Promise<Operation> {
    return await findOperation(deps.store, { principal, permission: 'operation:read' }, id);
  }

  return {
    async get(principal, id) {
      return await find(principal, id);
    },
    async list(principal, { limit, after, vm, state, kind }) {
      authorise(principal, 'operation:read');
      const rows = await deps.store.operations.list({
        limit: limit + 1,
        after,
        ...ofOwner(reachOf(principal, 'operation:read')),
        ...(vm === undefined ? {} : { vmId: await vmIdOf(deps.store, principal, vm) }),
        ...(state === undefined ? {} : { state }),
        ...(kind === undefined ? {} : { kind }),
      });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async wait(principal, id, waiting) {
      const final = await waitFor(deps, { topic: 'operation', key: id }, waiting, async () => {
        const operation = await find(principal, id);
        return isFinal(operation.state) ? operation : undefined;
      });
      return final ?? (await find(principal, id));
    },
    async *follow(principal, id, { signal }) {
      let seen = 0;
      while (!signal.aborted) {
        const changed = await waitFor(
          deps,
          { topic: 'operation', key: id },
          { timeoutMs: FOLLOW_MS, signal },
          async () => {
            const operation = await find(principal, id);
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
