/**
 * The log that is kept here, and handed over to Loki besides. What is kept here is read here, so that whoever follows misses nothing and Loki may be away; what has been
 * dropped here is read at Loki.
 *
 *   ....... dropped here, at Loki ....... | kept here, at Loki ....... handed over | kept here ....... last
 */
import type { LogLine } from '../../../domain/logs/log-line.ts';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { ArchiveFigures, LogArchive } from '../../../ports/log-archive.ts';
import type { KeptPage, LogReadOptions, LogStore } from '../../../ports/log-store.ts';
import { createLokiBreaker } from './loki-breaker.ts';
import { createLokiClient } from './loki-client.ts';
import { createLokiHttp, type LokiAddress, LokiError } from './loki-http.ts';
import { createLokiPusher, type LokiPusher } from './loki-pusher.ts';
import { createLokiReading, type LokiReading } from './loki-reading.ts';
import { mergePages } from './merge-pages.ts';

export interface LokiLogsDeps {
  /** Keeps lines here. Closed with what is made of it. */
  readonly local: LogStore;
  readonly clock: Clock;
  /** Writes out, and does not keep what it writes: that would be handed over too. */
  readonly log: Log;
  readonly random: () => number;
}

export interface LokiConfig extends LokiAddress {
  /** How far back Loki is asked where no time is said. */
  readonly lookbackMs: number;
  /** How long few lines wait for more before they are sent. */
  readonly gatherMs?: number;
  /** How long it may take to answer a question for lines. */
  readonly answerMs?: number;
  /** How long whoever waited in vain goes on without it, and all do where it answers nothing at all. */
  readonly restMs?: number;
}

export interface LokiLogs {
  readonly logs: LogStore;
  readonly archive: LogArchive;
  /** Begins to hand lines over, and to read what was, as those of this installation. To be called once. */
  begin(installation: string): void;
}

interface Begun {
  readonly pusher: LokiPusher;
  readonly reading: LokiReading;
}

const NOTHING: ArchiveFigures = { taken: 0, refused: 0, lost: 0, retries: 0, waiting: 0 };

export function createLokiLogs({ local, clock, log, random }: LokiLogsDeps, config: LokiConfig): LokiLogs {
  const connections = {
    pushes: createLokiHttp(config, { connections: 1 }),
    questions: createLokiHttp(config, { connections: 8 }),
    looks: createLokiHttp(config, { connections: 1 }),
  };
  const client = createLokiClient(connections);
  const stopping = new AbortController();
  const { restMs = 10_000 } = config;
  const breaker = createLokiBreaker({ client, clock, signal: stopping.signal }, { restMs });
  let begun: Begun | null = null;
  /** Why it did not answer the last time that it was asked; null: it did. */
  let unanswered: string | null = null;

  async function read(query: LogQuery, options: LogReadOptions): Promise<KeptPage> {
    const { signal } = options;
    // First what is here: what is dropped from now on has been seen.
    const page = await local.read(query, options);
    const border = borderOf(query, page, begun?.pusher.position ?? null);
    if (border === null || begun === null) return page;
    const why = breaker.why(query);
    if (why !== null) return without(page, query, why);
    try {
      const older = await begun.reading.read(query, border, { signal: AbortSignal.any([signal, stopping.signal]) });
      unanswered = null;
      breaker.answered();
      return { ...page, ...mergePages(page, older, query) };
    } catch (error) {
      if (!(error instanceof LokiError)) throw error;
      tellOnce(error);
      breaker.failed(error);
      return without(page, query, error.message);
    }
  }

  /** What is here alone. Whoever has been told that there may be more is not told with each page. */
  function without(page: KeptPage, query: LogQuery, why: string): KeptPage {
    const given = breaker.isTold(query) ? page : withGap(page, query, why);
    const isTold = breaker.isTold(query) || given !== page;
    breaker.pass(query, { reached: given.reached, why, isTold });
    return given;
  }

  /** Whoever reads goes on without it, and many may. */
  function tellOnce({ message: why, said }: LokiError): void {
    if (unanswered === why) return;
    unanswered = why;
    log.warn('Loki cannot be asked for lines', { why, said });
  }

  return {
    logs: {
      ...passedOn(local),
      async append(lines, cursor) {
        const last = await local.append(lines, cursor);
        begun?.pusher.ring(last);
        return last;
      },
      async appendOutput(output) {
        const taken = await local.appendOutput(output);
        begun?.pusher.ring(taken.last);
        return taken;
      },
      read,
      async prune(bounds) {
        await local.prune(bounds);
        begun?.pusher.noteKeptFrom((await local.keptFrom()).sequence);
      },
      async [Symbol.asyncDispose]() {
        stopping.abort(new DOMException('the server is stopping', 'AbortError'));
        await begun?.pusher.stop();
        for (const each of Object.values(connections)) each[Symbol.dispose]();
        await local[Symbol.asyncDispose]();
      },
    },
    archive: {
      name: 'loki',
      async whyNot() {
        const why = begun?.pusher.why ?? (await client.whyNot({ signal: stopping.signal }));
        return why === null ? null : sentence(why, begun?.pusher.figures ?? NOTHING);
      },
      get figures() {
        return begun?.pusher.figures ?? NOTHING;
      },
    },
    begin(installation) {
      const { lookbackMs, gatherMs = 1_000, answerMs = 3_000 } = config;
      begun = {
        pusher: createLokiPusher({ local, client, clock, log, random }, { installation, gatherMs }),
        reading: createLokiReading({ client, clock }, { installation, lookbackMs, answerMs }),
      };
    },
  };
}

function passedOn(
  local: LogStore,
): Pick<LogStore, 'cursor' | 'cursors' | 'dropCursors' | 'last' | 'neverGiven' | 'keptFrom' | 'vms' | 'usage'> {
  return {
    cursor: (key) => local.cursor(key),
    cursors: (prefix) => local.cursors(prefix),
    dropCursors: (keys) => local.dropCursors(keys),
    last: () => local.last(),
    neverGiven: (after, to) => local.neverGiven(after, to),
    keptFrom: (of) => local.keptFrom(of),
    vms: () => local.vms(),
    usage: () => local.usage(),
  };
}

/** Before this sequence Loki has lines that may be missing here; null: none that are asked for. */
function borderOf(
  { direction, from, sinceMs }: LogQuery,
  { keptFrom: { sequence, atMs }, ...page }: KeptPage,
  position: number | null,
): number | null {
  if (position === null || (sinceMs !== undefined && sinceMs >= atMs)) return null;
  const border = Math.min(sequence, position + 1);
  if (direction === 'forward') return from !== null && from + 1 >= border ? null : border;
  return !page.isAtEnd && page.reached >= border ? null : border;
}

/** Says where lines may be missing, as the log does wherever some are. Whoever goes on after it goes on in the same place. */
function withGap(page: KeptPage, query: LogQuery, why: string): KeptPage {
  const isForward = query.direction === 'forward';
  // Backwards it is said where the lines that are here end; in a page of one line there is no room for it.
  if (query.limit === 1 || (!isForward && !page.isAtEnd)) return page;
  const nearest = isForward ? page.lines[0] : page.lines.at(-1);
  const gap: LogLine = {
    sequence: isForward ? Math.max(1, query.from ?? 1) : (nearest?.sequence ?? query.from ?? page.reached),
    at: nearest?.at ?? page.keptFrom.atMs,
    ...{ level: 'warn', source: query.sources?.[0] ?? 'server', marks: ['gap'], fields: { missing: 'loki' } },
    message: `Older lines than are kept here may be at Loki, which cannot be asked now: ${why}.`,
    ...{ vmId: query.vmId ?? null, owner: query.owner ?? null },
    ...{ operationId: query.operationId ?? null, executionId: query.executionId ?? null },
  };
  if (!isForward) return { ...page, lines: [...page.lines, gap] };
  const lines = page.lines.slice(0, query.limit - 1);
  const last = lines.at(-1);
  const isCut = lines.length < page.lines.length && last !== undefined;
  return { ...page, ...(isCut ? { reached: last.sequence, isAtEnd: false } : {}), lines: [gap, ...lines] };
}

function sentence(why: string, { waiting, lost }: ArchiveFigures): string {
  const dropped = lost === 0 ? '' : `; ${lost} were dropped before it took them`;
  return `Loki cannot be worked with: ${why}. ${waiting} lines wait in the log here${dropped}.`;
}
