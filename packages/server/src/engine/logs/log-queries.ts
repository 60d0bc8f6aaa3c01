import { VolaryError } from '../../domain/errors.ts';
import { LOG_SOURCES, type LogLine } from '../../domain/logs/log-line.ts';
import { type LogFilter, type LogQuery, phrasesOf } from '../../domain/logs/log-query.ts';
import { may, type Principal, reachOf } from '../../domain/principal/principal.ts';
import type { KeptPage, LogReadOptions } from '../../ports/log-store.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { LogApi, LogFeed, LogSelection } from '../apis/log-api.ts';
import type { EngineDeps } from '../deps.ts';
import { vmIdOf } from '../queries/find-vm.ts';
import { createBell, sleepUnless } from '../queries/wait-for.ts';
import { createFindGap, withGap } from './overtaken.ts';

type QueryDeps = Pick<EngineDeps, 'store' | 'logs' | 'logArchive' | 'bus' | 'clock'>;

/** Lines read, and handed to a reader, at a time. */
const PAGE = 500;
/** Hints may be lost, so whoever follows also looks by itself, this often. */
const LOOK_MS = 1_000;

export function createLogQueries(deps: QueryDeps): LogApi {
  const { logs } = deps;

  async function filterOf(principal: Principal, selection: LogSelection): Promise<LogFilter> {
    authorise(principal, 'log:read');
    const { vm, search, sources, ...rest } = selection;
    checkRange(rest);
    return {
      ...rest,
      ...sourcesFor(principal, sources),
      ...ofOwner(reachOf(principal, 'log:read')),
      ...(vm === undefined ? {} : { vmId: await vmIdOf(deps.store, principal, vm) }),
      ...(search === undefined ? {} : { phrases: phrasesIn(search) }),
    };
  }

  async function checkCursor(cursor: number | null): Promise<void> {
    if (cursor === null) return;
    const last = await logs.last();
    // Who goes back from the last line begins behind it.
    if (cursor > last + 1) throw cursorAhead(cursor, last);
  }

  return {
    async list(principal, selection, { signal, ...page }) {
      const filter = await filterOf(principal, selection);
      await checkCursor(page.from);
      const reading = readingBy(principal, signal);
      const found = await logs.read({ ...filter, ...page }, reading);
      if (page.direction === 'backward' || page.from === null) return found;
      const gap = await createFindGap(deps, filter, reading)(page.from, found);
      return gap === null ? found : withGap(found, gap, page.limit);
    },
    async follow(principal, selection, { after, tail, signal }) {
      const reading = readingBy(principal, signal);
      const filter = await filterOf(principal, selection);
      await checkCursor(after);
      if (after !== null) return createFeed(deps, filter, { first: [], goOnAfter: after, reading });
      const last = await logs.last();
      if (tail !== null) {
        const beginning = await beginTail(deps, filter, { limit: tail, before: last + 1, reading });
        return createFeed(deps, filter, { ...beginning, reading });
      }
      return createFeed(deps, filter, { first: [], goOnAfter: filter.sinceMs === undefined ? last : 0, reading });
    },
    async export(principal, selection, { after, signal }) {
      const filter = await filterOf(principal, selection);
      await checkCursor(after);
      return readAll(deps, filter, { after, until: await logs.last(), reading: readingBy(principal, signal) });
    },
  };
}

/** Whoever asks for much takes turns with the others. */
function readingBy({ name }: Principal, signal: AbortSignal): LogReadOptions {
  return { signal, reader: name };
}

/** What the program says of itself has paths of the host in it. */
function sourcesFor(principal: Principal, sources: LogFilter['sources']): Pick<LogFilter, 'sources'> {
  if (may(principal, 'server-log:read')) return sources === undefined ? {} : { sources };
  const open = (sources ?? LOG_SOURCES).filter((source) => source !== 'server');
  if (open.length === 0) authorise(principal, 'server-log:read');
  return { sources: open };
}

/**
 * Where the last `limit` lines begin: the oldest of them, and the sequence after which the others are read. Only one
 * page of them is ever held, since all of them may take far more memory than one reader should.
 */
async function beginTail(
  { logs }: QueryDeps,
  filter: LogFilter,
  { limit, before, reading }: { readonly limit: number; readonly before: number; readonly reading: LogReadOptions },
): Promise<Beginning> {
  let beginning: Beginning = { first: [], goOnAfter: before - 1 };
  let found = 0;
  for (let from = before; found < limit; ) {
    const query: LogQuery = { ...filter, direction: 'backward', from, limit: Math.min(PAGE, limit - found) };
    const page = await logs.read(query, reading);
    if (page.lines.length > 0) beginning = { first: page.lines.toReversed(), goOnAfter: from - 1 };
    found += page.lines.length;
    if (page.isAtEnd) break;
    from = page.reached;
  }
  // A line that says what is missing may stand where nothing is yet: whoever went on after it would miss what comes
  // there.
  const first = beginning.first.map((line) => ({ ...line, sequence: Math.min(line.sequence, beginning.goOnAfter) }));
  return { ...beginning, first };
}

async function* readAll(
  deps: QueryDeps,
  filter: LogFilter,
  {
    after,
    until,
    reading,
  }: { readonly after: number | null; readonly until: number; readonly reading: LogReadOptions },
): AsyncGenerator<readonly LogLine[]> {
  const findGap = createFindGap(deps, filter, reading);
  for (let from = after; from === null || from < until; ) {
    const page: KeptPage = await deps.logs.read({ ...filter, direction: 'forward', from, limit: PAGE }, reading);
    const gap = await findGap(from ?? 0, page);
    const told = gap === null ? page : withGap(page, gap, Infinity);
    const lines = told.lines.filter(({ sequence }) => sequence <= until);
    if (lines.length > 0) yield lines;
    from = page.reached;
  }
}

interface Beginning {
  /** What comes before everything else; of it nothing comes again. */
  readonly first: readonly LogLine[];
  /** The sequence after which everything else comes. */
  readonly goOnAfter: number;
}

/**
 * History and what comes are one thing: what lies after the cursor. A hint says when to look again, and what the reader has not taken yet waits in the
 * store, so that nothing can be lost or doubled between the two.
 */
function createFeed(
  deps: QueryDeps,
  filter: LogFilter,
  { first, goOnAfter, reading }: Beginning & { readonly reading: LogReadOptions },
): LogFeed {
  const { signal } = reading;
  const [oldest] = first;
  let position = oldest === undefined ? goOnAfter : oldest.sequence - 1;
  const findGap = createFindGap(deps, filter, reading);

  async function* read(): AsyncGenerator<readonly LogLine[]> {
    const bell = createBell();
    const unsubscribe = deps.bus.subscribe('logs', (vmId) => {
      if (filter.vmId === undefined || vmId === '' || vmId === filter.vmId) bell.ring();
    });
    try {
      if (first.length > 0) yield first;
      position = goOnAfter;
      for (;;) {
        signal.throwIfAborted();
        const rung = bell.next();
        const query: LogQuery = { ...filter, direction: 'forward', from: position, limit: PAGE };
        const page = await deps.logs.read(query, reading);
        const gap = await findGap(position, page);
        const { lines } = gap === null ? page : withGap(page, gap, Infinity);
        if (lines.length > 0) yield lines;
        position = page.reached;
        if (page.isAtEnd) await sleepUnless(rung, deps.clock, LOOK_MS, signal);
      }
    } finally {
      unsubscribe();
    }
  }

  return {
    get position() {
      return position;
    },
    [Symbol.asyncIterator]: read,
  };
}

function phrasesIn(search: string): readonly (readonly string[])[] {
  const phrases = phrasesOf(search);
  if (phrases !== null) return phrases;
  throw new VolaryError('invalid_argument', 'Words are searched for: there is no letter and no digit in this.', {
    reason: 'logs.no_word',
    details: { field: 'q' },
  });
}

function checkRange({ sinceMs, untilMs }: Pick<LogSelection, 'sinceMs' | 'untilMs'>): void {
  if (sinceMs === undefined || untilMs === undefined || sinceMs < untilMs) return;
  throw new VolaryError('invalid_argument', 'This time ends before it begins: `until` must be later than `since`.', {
    reason: 'logs.empty_range',
    details: { field: 'until' },
  });
}

function cursorAhead(cursor: number, last: number): VolaryError {
  return new VolaryError('invalid_argument', `There is no line ${cursor}; the last one is ${last}.`, {
    reason: 'logs.cursor_ahead',
    details: { field: 'cursor', maximum: last },
  });
}
