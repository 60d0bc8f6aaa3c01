import { VolaryError } from '../../domain/errors.ts';
import type { Event } from '../../domain/events.ts';
import { parseId } from '../../domain/ids.ts';
import type { EventFilter } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { EventApi } from '../engine.ts';
import { findVm } from './find-vm.ts';
import { waitFor } from './wait-for.ts';

const PAGE = 256;
const FOLLOW_MS = 60_000;

export function createEventQueries(deps: Pick<EngineDeps, 'store' | 'bus' | 'clock'>): EventApi {
  async function filterOf(request: {
    readonly types?: EventFilter['types'];
    readonly vm?: string;
  }): Promise<EventFilter> {
    const { types, vm } = request;
    return {
      ...(types === undefined ? {} : { types }),
      ...(vm === undefined ? {} : { vmId: parseId('vm', vm) ?? (await findVm(deps.store, vm)).id }),
    };
  }

  async function checkCursor(after: number): Promise<void> {
    const { first } = await deps.store.events.bounds();
    if (after >= first - 1) return;
    throw new VolaryError('not_found', `Events up to ${first - 1} have been dropped; start again after ${first - 1}.`, {
      reason: 'events.trimmed',
      details: { first_sequence: first },
    });
  }

  return {
    async list(principal, request) {
      authorise(principal, 'event:read');
      await checkCursor(request.after);
      return await deps.store.events.list({ ...(await filterOf(request)), after: request.after, limit: request.limit });
    },
    async follow(principal, request) {
      authorise(principal, 'event:read');
      const filter = await filterOf(request);
      const after = request.after ?? (await deps.store.events.bounds()).last;
      await checkCursor(after);
      return follow(deps, filter, after, request.signal);
    },
  };
}

/** The log from a sequence on, without end: what was read last is where the next look begins, so no event is missed or told twice. */
async function* follow(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
  filter: EventFilter,
  from: number,
  signal: AbortSignal,
): AsyncIterable<Event> {
  let after = from;
  while (!signal.aborted) {
    const events = await waitFor(deps, { topic: 'events', key: '' }, { timeoutMs: FOLLOW_MS, signal }, async () => {
      const page = await deps.store.events.list({ ...filter, after, limit: PAGE });
      return page.length > 0 ? page : undefined;
    });
    for (const event of events ?? []) {
      yield event;
      after = event.sequence;
    }
  }
}
