/** Reads lines back from Loki, by their sequence, as the log here is read: times grow as sequences do (`loki-lines.ts`), so the order of the one is that of the other. */
import { hasPhrases } from '../../../domain/logs/has-phrases.ts';
import { LOG_LEVELS, type LogLine } from '../../../domain/logs/log-line.ts';
import { type LogPage, type LogQuery, PAGE_CHARACTERS } from '../../../domain/logs/log-query.ts';
import type { Clock } from '../../../ports/clock.ts';
import { createAnswerSize } from './answer-size.ts';
import { toLogQl } from './logql.ts';
import type { LokiClient, LokiEntry } from './loki-client.ts';
import { LokiError } from './loki-http.ts';
import { toLine } from './loki-lines.ts';
import { createPlaces, max, min, type Span } from './loki-places.ts';

export interface LokiReading {
  /**
   * Lines whose sequence is less than `before`, as asked for, at most as many as are found until Loki takes too long for one question. Rejects with a LokiError when it does not
   * answer the first one.
   */
  read(query: LogQuery, before: number, options: { readonly signal: AbortSignal }): Promise<LogPage>;
}

export interface ReadingConfig {
  readonly installation: string;
  /** How far back it is looked where no time is asked for. */
  readonly lookbackMs: number;
  /** How long it may take for one answer: whoever reads waits for it. */
  readonly answerMs: number;
}

/** One question spans no more: `max_query_length` is 30 days and an hour. */
const SPAN = 30n * 24n * 3_600_000_000_000n;
/** Lines have later times at Loki than here where the clock was set back, or the log here was lost: so much later at most, or they are not found by `until`. */
const LATE_MS = 7 * 24 * 3_600_000;
/** How far ahead of this clock that of whoever said it may have been; Loki itself takes ten minutes. */
const AHEAD_MS = 3_600_000;
/** After this the page ends, as one of the log here does. */
const PATIENCE_MS = 2_000;
/** What Loki takes later is of later times: by default it takes nothing that is older than a week. */
const SETTLED_MS = 8 * 24 * 3_600_000;
/** Before this there is nothing: what we ask for needs Loki 3, which is of April of that year. */
const EARLIEST_MS = Date.UTC(2024, 0, 1);
const NANOSECONDS = 1_000_000n;

export function createLokiReading(
  { client, clock }: { readonly client: Pick<LokiClient, 'range'>; readonly clock: Clock },
  { installation, lookbackMs, answerMs }: ReadingConfig,
): LokiReading {
  const places = createPlaces();
  const size = createAnswerSize();

  function spanOf(query: LogQuery): Span {
    const nowMs = clock.now();
    const startMs = Math.max(EARLIEST_MS, query.sinceMs ?? nowMs - lookbackMs);
    const endMs = Math.min((query.untilMs ?? nowMs) + LATE_MS, nowMs + AHEAD_MS);
    return places.narrow({ start: BigInt(startMs) * NANOSECONDS, end: BigInt(endMs) * NANOSECONDS }, query);
  }

  /** One answer, and what is left of the span then. */
  async function ask(
    { query, direction, signal, room }: Question,
    span: Span,
  ): Promise<{ readonly entries: readonly LokiEntry[]; readonly left: Span }> {
    const isForward = direction === 'forward';
    const part = isForward
      ? { ...span, end: min(span.end, span.start + SPAN) }
      : { ...span, start: max(span.start, span.end - SPAN) };
    const range = (limit: number) =>
      client.range({ query, direction, limit, ...part }, { signal, timeoutMs: answerMs });
    const { entries, limit } = await asMany(range, room);
    const last = entries.at(-1);
    if (last !== undefined && (last.time < part.start || last.time >= part.end))
      throw new LokiError('it answers lines of another time');
    if (last !== undefined && entries.length >= limit) return { entries, left: beyond(span, last.time, isForward) };
    return { entries, left: isForward ? { ...span, start: part.end } : { ...span, end: part.start } };
  }

  /**
   * Loki says nothing else of an answer that is too large for it than of any other fault, or nothing at all: fewer
   * lines are asked for then, at once where it has answered.
   */
  async function asMany(range: (limit: number) => Promise<readonly LokiEntry[]>, room: number) {
    const limit = Math.min(room, size.lines);
    try {
      const entries = await range(limit);
      size.note(entries);
      return { entries, limit };
    } catch (error) {
      if (!(error instanceof LokiError)) throw error;
      size.shrink();
      const fewer = Math.min(room, size.lines);
      if (!error.isFault || fewer >= limit) throw error;
      const entries = await range(fewer);
      size.note(entries);
      return { entries, limit: fewer };
    }
  }

  /** Where the next page goes on. */
  function remember(query: LogQuery, { reached, end, left }: Ended): void {
    if (end !== undefined) places.noteLine(reached, end.time);
    const settled = BigInt(clock.now() - SETTLED_MS) * NANOSECONDS;
    places.noteLooked(query, reached, query.direction === 'forward' ? min(left.start, settled) : left.end);
  }

  return {
    async read(query, before, { signal }) {
      const { direction, from, limit } = query;
      const isForward = direction === 'forward';
      const first = isForward ? (from ?? 0) : Math.min(before, from ?? before);
      const logQl = toLogQl(query, installation, isForward ? { after: from, before } : { after: null, before: first });
      const page = createPage(query, first);
      const giveUpAt = clock.monotonicMs() + PATIENCE_MS;
      let left = spanOf(query);
      let end: LokiEntry | undefined;
      for (let asked = 0; left.start < left.end && !page.isFull; asked++) {
        if (asked > 0 && clock.monotonicMs() > giveUpAt) break;
        const room = query.phrases === undefined ? limit - page.lines.length : Infinity;
        const answer = await ask({ query: logQl, direction, signal, room }, left).catch((error: unknown) => {
          // What it has answered is a page; the next one says what is missing, or has it.
          if (!(error instanceof LokiError) || asked === 0) throw error;
          return null;
        });
        if (answer === null) break;
        const full = answer.entries.find((entry) => page.take(entry));
        end = full ?? answer.entries.at(-1) ?? end;
        left = full === undefined ? answer.left : beyond(left, full.time, isForward);
      }
      const { lines, reached } = page;
      const isAtEnd = !page.isFull && left.start >= left.end;
      if (!isAtEnd) remember(query, { reached, end, left });
      return { lines, reached, isAtEnd };
    },
  };
}

/** What is left of a span behind a line of this time. */
function beyond(span: Span, time: bigint, isForward: boolean): Span {
  return isForward ? { ...span, start: time + 1n } : { ...span, end: time };
}

/** A page that others follow. */
interface Ended {
  readonly reached: number;
  /** The last one that Loki gave. */
  readonly end: LokiEntry | undefined;
  readonly left: Span;
}

interface Question {
  readonly query: string;
  readonly direction: LogQuery['direction'];
  /** Lines that there is room for. */
  readonly room: number;
  readonly signal: AbortSignal;
}

interface Page {
  readonly lines: LogLine[];
  readonly reached: number;
  readonly isFull: boolean;
  /** True: this was the last one that has room. */
  take(entry: LokiEntry): boolean;
}

function createPage(query: LogQuery, first: number): Page {
  const isForward = query.direction === 'forward';
  const lines: LogLine[] = [];
  let reached = first;
  let characters = 0;
  const isFull = (): boolean => lines.length >= query.limit || characters >= PAGE_CHARACTERS;
  return {
    lines,
    get isFull() {
      return isFull();
    },
    get reached() {
      return reached;
    },
    take({ labels, message }) {
      const line = toLine(labels, message);
      // None of ours, or doubled by a crash at the one moment where that can be.
      if (line === null || (isForward ? line.sequence <= reached : line.sequence >= reached)) return false;
      reached = line.sequence;
      if (isMeant(line, query)) {
        lines.push(line);
        characters += message.length + JSON.stringify(line.fields).length;
      }
      return isFull();
    },
  };
}

/** Words, and once more what Loki was asked for: who may see a line does not depend on it. */
function isMeant(line: LogLine, query: LogQuery): boolean {
  const { sinceMs = 0, untilMs = Infinity, sources, minLevel = 'debug', phrases = [] } = query;
  const { vmId, owner, operationId, executionId } = query;
  const pairs = [
    [vmId, line.vmId],
    [owner, line.owner],
    [operationId, line.operationId],
    [executionId, line.executionId],
  ] as const;
  return (
    pairs.every(([wanted, is]) => wanted === undefined || wanted.toWellFormed() === is) &&
    (sources === undefined || sources.includes(line.source)) &&
    LOG_LEVELS.indexOf(line.level) >= LOG_LEVELS.indexOf(minLevel) &&
    line.at >= sinceMs &&
    line.at < untilMs &&
    hasPhrases(line.message, phrases)
  );
}
