import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import type { EventFilter } from '../../ports/tables/event-table.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { EventApi } from '../apis/event-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { createEventTail } from '../sessions/event-tail.ts';
import { checkReach } from './event-reach.ts';
import { vmIdOf } from './find-vm.ts';

type EventDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'measures'> & { readonly config: EngineConfig };

export function createEventQueries(deps: EventDeps): EventApi {
  const { store } = deps;
  const tail = createEventTail(deps);

  async function filterOf(
    principal: Principal,
    request: { readonly types?: EventFilter['types']; readonly vm?: string },
  ): Promise<EventFilter> {
    const { types, vm } = request;
    return {
      ...ofOwner(reachOf(principal, 'event:read')),
      ...(types === undefined ? {} : { types }),
      ...(vm === undefined ? {} : { vmId: await vmIdOf(store, principal, vm) }),
    };
  }

  return {
    async list(principal, request) {
      authorise(principal, 'event:read');
      const filter = await filterOf(principal, request);
      const after = request.after ?? (await store.events.bounds()).first - 1;
      const events = await store.events.list({ ...filter, after, limit: request.limit });
      // Afterwards: what is there now was there while the page was read.
      checkReach(await store.events.bounds(), after);
      return events;
    },
    async follow(principal, request) {
      authorise(principal, 'event:read');
      const filter = await filterOf(principal, request);
      const bounds = await store.events.bounds();
      const after = request.after ?? bounds.last;
      checkReach(bounds, after);
      return tail.open({ after, filter, signal: request.signal });
    },
  };
}
