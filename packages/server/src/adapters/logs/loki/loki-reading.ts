/** Reads lines back from Loki, by their sequence, as the log here is read: times grow as sequences do (`loki-lines.ts`), so the order of the one is that of the other. */
import { hasPhrases } from '../../../domain/logs/has-phrases.ts';
import { LOG_LEVELS, type LogLine } from '../../../domain/logs/log-line.ts';
import type { LogPage, LogQuery } from '../../../domain/logs/log-query.ts';
import type { Clock } from '../../../ports/clock.ts';
import { toLogQl } from './logql.ts';
import type { LokiClient, LokiEntry } from './loki-client.ts';
import { LokiError } from './loki-http.ts';
import { toLine } from './loki-lines.ts';

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

/** Lines of one answer at most, less than the `max_entries_limit_per_query` of 5,000 that Loki comes with. */
const PAGE = 2_000;
/** One question spans no more: `max_query_length` is 30 days and an hour. */
const SPAN_MS = 30 * 24 * 3_600_000;
/** Lines have later times at Loki than here where the clock was set back, or the log here was lost: so much later at most, or they are not found by `until`. */
const LATE_MS = 7 * 24 * 3_600_000;
/** How far ahead of this clock that of whoever said it may have been; Loki itself takes ten minutes. */
const AHEAD_MS = 3_600_000;
/** After this the page ends, as one of the log here does. */
const PATIENCE_MS = 2_000;
/** Where pages ended lately is remembered, to go on at the same time. */
const PLACES = 1_024;
const NANOSECONDS = 1_000_000n;

/** In nanoseconds, the end excluded. */
interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

export function createLokiReading(
  { client, clock }: { readonly client: Pick<LokiClient, 'range'>; readonly clock: Clock },
  { installation, lookbackMs, answerMs }: ReadingConfig,
): LokiReading {
  const places = new Map<number, bigint>();

  function remember(sequence: number, time: bigint): void {
    if (places.size >= PLACES) for (const oldest of [...places.keys()].slice(0, PLACES / 2)) places.delete(oldest);
    places.set(sequence, time);
  }

  function spanOf({ direction, from, sinceMs, untilMs }: LogQuery): Span {
    const nowMs = clock.now();
    const start = BigInt(sinceMs ?? nowMs - lookbackMs) * NANOSECONDS;
    const end = BigInt(Math.min((untilMs ?? nowMs) + LATE_MS, nowMs + AHEAD_MS)) * NANOSECONDS;
    const place = from === null ? undefined : places.get(from);
    if (place === undefined) return { start, end };
    return direction === 'forward' ? { start: max(start, place + 1n), end } : { start, end: min(end, place) };
  }

  /** What Loki has, span by span and answer by answer; `sizeOf` says how many lines the next one is to have at most. */
  async function* answers(question: Question, sizeOf: () => number): AsyncGenerator<readonly LokiEntry[]> {
    for (const span of spans(question.span, question.direction === 'forward')) yield* answersIn(span, question, sizeOf);
  }

  async function* answersIn(
    whole: Span,
    { query, direction, signal }: Question,
    sizeOf: () => number,
  ): AsyncGenerator<readonly LokiEntry[]> {
    for (let span = whole; span.start < span.end; ) {
      const limit = sizeOf();
      const entries = await client.range({ query, direction, limit, ...span }, { signal, timeoutMs: answerMs });
      const last = entries.at(-1);
      if (last === undefined) return;
      if (last.time < span.start || last.time >= span.end) throw new LokiError('it answers lines of another time');
      yield entries;
      if (entries.length < limit) return;
      span = direction === 'forward' ? { ...span, start: last.time + 1n } : { ...span, end: last.time };
    }
  }

  return {
    async read(query, before, { signal }) {
      const { direction, from, limit } = query;
      const isForward = direction === 'forward';
      const first = isForward ? (from ?? 0) : Math.min(before, from ?? before);
      const logQl = toLogQl(query, installation, isForward ? { after: from, before } : { after: null, before: first });
      const page = createPage(query, first);
      const giveUpAt = clock.monotonicMs() + PATIENCE_MS;
      const sizeOf = (): number => (query.phrases === undefined ? Math.min(PAGE, limit - page.lines.length) : PAGE);
      let isAtEnd = true;
      let end: LokiEntry | undefined;
      try {
        for await (const entries of answers({ query: logQl, direction, span: spanOf(query), signal }, sizeOf)) {
          end = entries.find((entry) => page.take(entry)) ?? entries.at(-1) ?? end;
          isAtEnd = page.lines.length < limit && clock.monotonicMs() <= giveUpAt;
          if (!isAtEnd) break;
        }
      } catch (error) {
        // What it has answered is a page; the next one says what is missing, or has it.
        if (!(error instanceof LokiError) || page.reached === first) throw error;
        isAtEnd = false;
      }
      if (!isAtEnd && end !== undefined) remember(page.reached, end.time);
      return { lines: page.lines, reached: page.reached, isAtEnd };
    },
  };
}

interface Question {
  readonly query: string;
  readonly direction: LogQuery['direction'];
  readonly span: Span;
  readonly signal: AbortSignal;
}

interface Page {
  readonly lines: LogLine[];
  readonly reached: number;
  /** True: this was the last one that has room. */
  take(entry: LokiEntry): boolean;
}

function createPage(query: LogQuery, first: number): Page {
  const isForward = query.direction === 'forward';
  const lines: LogLine[] = [];
  let reached = first;
  return {
    lines,
    get reached() {
      return reached;
    },
    take({ labels, message }) {
      const line = toLine(labels, message);
      // None of ours, or doubled by a crash at the one moment where that can be.
      if (line === null || (isForward ? line.sequence <= reached : line.sequence >= reached)) return false;
      reached = line.sequence;
      if (isMeant(line, query)) lines.push(line);
      return lines.length >= query.limit;
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

function* spans({ start, end }: Span, isForward: boolean): Generator<Span> {
  const step = BigInt(SPAN_MS) * NANOSECONDS;
  if (isForward) for (let at = start; at < end; at += step) yield { start: at, end: min(end, at + step) };
  else for (let at = end; at > start; at -= step) yield { start: max(start, at - step), end: at };
}

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
