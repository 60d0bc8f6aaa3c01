/**
 * The end of the log, read once for all who follow it.
 *
 *   store --(one reader)--> recent events --+--> feed at the end       (the same objects for all)
 *     |                                     +--> feed a little behind
 *     +--(by itself)----------------------------> feed far behind
 *
 * A feed is a cursor and no queue: what its reader has not taken yet waits in the log. So a reader that is slow costs
 * nothing, keeps nobody waiting, and nothing can be dropped on its way; and it does not matter at which moment a feed goes over from
 * the store to what is recent, since both are asked for what comes after the same cursor.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Event } from '../../domain/events.ts';
import type { EventFilter } from '../../ports/tables/event-table.ts';
import type { EventFeed } from '../apis/event-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { Measures } from '../monitoring/measures.ts';
import { checkReach } from '../queries/event-reach.ts';
import { waitFor } from '../queries/wait-for.ts';

export interface EventTail {
  /** A feed of what comes after this sequence. It must lie within the log: `checkReach` says whether it does. */
  open(request: { readonly after: number; readonly filter: EventFilter; readonly signal: AbortSignal }): EventFeed;
}

type TailDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock'> & {
  readonly config: Pick<EngineConfig, 'limits'>;
  readonly measures: Pick<Measures, 'eventLag'>;
};

/** Events read, and handed to a reader, at a time. */
const PAGE = 256;
/** Events at the end of the log that are kept at hand. */
const RECENT = 1_024;
const WAIT_MS = 60_000;
/**
 * From when there is something to tell until it is told, for each reader: twice as long as it takes to send it one page. What happens
 * meanwhile goes out with it: a change has several events in as many transactions. So many readers of a busy log cost at most a part of a
 * processor, and the more there is to tell the less each of it costs.
 */
const GATHER_MS_PER_READER = 0.05;

interface Reader {
  readonly filter: EventFilter;
  readonly tooSlow: AbortController;
  /** Everything up to here has been looked at and what the filter lets through has been taken. */
  position: number;
  /** Where the log ended when the reader was given what it is busy with now; null while it waits for more. */
  busySince: number | null;
  /** Why there will be no more; null while there may be. */
  failure: { readonly error: unknown } | null;
  wake: () => void;
}

export function createEventTail({ store, bus, clock, config, measures }: TailDeps): EventTail {
  const readers = new Set<Reader>();
  /** Without a gap, up to `head`. */
  let recent: readonly Event[] = [];
  /** The last of them, as they were read together. */
  let latest: readonly Event[] = [];
  let head = 0;
  let stop: AbortController | null = null;

  function join(reader: Reader): void {
    readers.add(reader);
    if (stop !== null) return;
    const own = new AbortController();
    stop = own;
    run(own.signal).catch((error: unknown) => {
      if (!own.signal.aborted) fail(error);
    });
  }

  function leave(reader: Reader): void {
    readers.delete(reader);
    if (readers.size === 0) end();
  }

  function end(): void {
    stop?.abort(new DOMException('nobody follows', 'AbortError'));
    stop = null;
    recent = [];
    latest = [];
  }

  /** What keeps us from the log keeps everybody from it who follows; whoever comes next is a new attempt. */
  function fail(error: unknown): void {
    end();
    for (const reader of readers) {
      reader.failure = { error };
      reader.wake();
    }
  }

  /** Reads the log's end as it grows, until it fails. */
  async function run(signal: AbortSignal): Promise<never> {
    const { last } = await store.events.bounds();
    signal.throwIfAborted();
    growTo(last, []);
    for (;;) {
      const hasMore = await waitFor({ bus, clock }, { topic: 'events', key: '' }, { timeoutMs: WAIT_MS, signal }, look);
      if (hasMore === undefined) continue;
      const gatherMs = Math.floor(readers.size * GATHER_MS_PER_READER);
      if (gatherMs > 0) await clock.sleep(gatherMs, { signal });
      const page = await store.events.list({ after: head, limit: PAGE });
      // Nothing there any more: it was trimmed before it was read.
      const end = page.at(-1)?.sequence ?? (await store.events.bounds()).last;
      signal.throwIfAborted();
      growTo(end, page);
      const nowMs = clock.now();
      // The clock may have been set back meanwhile.
      for (const { at } of page) measures.eventLag.observe({}, Math.max(0, nowMs - at) / 1_000);
    }
  }

  async function look(): Promise<true | undefined> {
    return (await store.events.bounds()).last > head ? true : undefined;
  }

  function growTo(sequence: number, page: readonly Event[]): void {
    // After a gap, which trimming has left, those before it are sent to the store, which tells them of it.
    recent = page[0]?.sequence === head + 1 ? [...recent, ...page].slice(-RECENT) : page;
    latest = page;
    head = sequence;
    for (const reader of readers) {
      reader.wake();
      const { busySince } = reader;
      if (busySince !== null && head - busySince > config.limits.readerLagEvents) reader.tooSlow.abort(tooSlow());
    }
  }

  /** What comes after the reader's position as far as one page reaches, and how far that is. */
  async function next({
    filter,
    position,
  }: Reader): Promise<{ readonly events: readonly Event[]; readonly end: number }> {
    const first = recent[0]?.sequence ?? head + 1;
    if (position + 1 >= first) {
      const page = position + 1 === latest[0]?.sequence ? latest : recent.slice(position + 1 - first).slice(0, PAGE);
      // All who have no filter are handed the same array at the log's end: what is made of it once serves them all.
      const events = isFiltering(filter) ? page.filter((event) => isWanted(event, filter)) : page;
      return { events, end: page.at(-1)?.sequence ?? position };
    }
    const readUpTo = head;
    const events = await store.events.list({ ...filter, after: position, limit: PAGE });
    // Afterwards: what is there now was there while the page was read.
    checkReach(await store.events.bounds(), position);
    const end = events.at(-1)?.sequence ?? position;
    return { events, end: events.length < PAGE ? Math.max(readUpTo, end) : end };
  }

  async function* read(reader: Reader, signal: AbortSignal): AsyncGenerator<readonly Event[]> {
    join(reader);
    const onAbort = (): void => reader.wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const news = Promise.withResolvers<void>();
        reader.wake = news.resolve;
        signal.throwIfAborted();
        if (reader.failure !== null) throw reader.failure.error;
        if (reader.position >= head) {
          await news.promise;
          continue;
        }
        const { events, end } = await next(reader);
        // Who has said that it wants no more gets no more, though it was being read.
        signal.throwIfAborted();
        reader.busySince = head;
        if (events.length > 0) yield events;
        reader.busySince = null;
        reader.position = end;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      leave(reader);
    }
  }

  return {
    open({ after, filter, signal }) {
      const tooSlow = new AbortController();
      const reader: Reader = { filter, tooSlow, position: after, busySince: null, failure: null, wake: noop };
      return {
        get position() {
          return reader.position;
        },
        tooSlow: tooSlow.signal,
        [Symbol.asyncIterator]: () => read(reader, signal),
      };
    },
  };
}

function noop(): void {}

function isFiltering({ types, vmId, owner }: EventFilter): boolean {
  return types !== undefined || vmId !== undefined || owner !== undefined;
}

function isWanted(event: Event, { types, vmId, owner }: EventFilter): boolean {
  return (
    (types === undefined || types.includes(event.type)) &&
    (vmId === undefined || event.vmId === vmId) &&
    (owner === undefined || event.owner === owner)
  );
}

function tooSlow(): VolaryError {
  return new VolaryError('aborted', 'Events came faster than you took them; go on after the last one that you have.', {
    reason: 'events.reader_too_slow',
  });
}
