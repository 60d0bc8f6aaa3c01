import type { LogLevel, LogLine, LogMessage, LogPage, LogSource } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { errorOfProblem, VolaryConnectionError } from './errors.ts';
import { linesOf } from './lines.ts';
import { allItems } from './pages.ts';
import { createBackoff } from './retry.ts';
import { createSilenceAlarm } from './silence.ts';
import { bytesOf, type Transport } from './transport.ts';

/** Which lines; moments as RFC 3339 has them. */
export interface LogSelection {
  /** Id or name. */
  readonly vm?: string;
  readonly operation?: string;
  readonly execution?: string;
  readonly sources?: readonly LogSource[];
  /** This one and graver ones. */
  readonly level?: LogLevel;
  /** Words that all occur in the message. */
  readonly search?: string;
  readonly since?: string;
  readonly until?: string;
}

export interface LogPageQuery extends LogSelection {
  /** `asc` unless said: oldest first. */
  readonly order?: 'asc' | 'desc';
  readonly limit?: number;
  readonly cursor?: string;
}

export interface LogFollowQuery extends Omit<LogSelection, 'until'> {
  /** Only lines with a sequence above this; 0: from the first that is kept. */
  readonly after?: number;
  /** Begin with so many of the last lines. */
  readonly tail?: number;
}

/** What guests, operations and the server say. */
export interface LogClient {
  /** A page. It may have fewer lines than asked for, and there may be more: as long as `next_cursor` is not null. */
  list(query?: LogPageQuery, options?: Abortable): Promise<LogPage>;
  /** The lines of all pages. */
  listAll(query?: Omit<LogPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<LogLine>;
  /**
   * All of them up to now, oldest first, each once, as they come. Where the connection breaks off it goes on after the last line; throws
   * `VolaryConnectionError` when it broke off again and again for a minute without one more line, and when there is no
   * answer at first.
   */
  export(query?: LogSelection, options?: Abortable): AsyncIterable<LogLine>;
  /**
   * Each line once, in order: those after `after` (without it and without `since` and `tail`: those to come), through lost connections and restarts of the
   * server, until the signal is aborted.
   */
  follow(query?: LogFollowQuery, options?: Abortable): AsyncIterable<LogLine>;
}

const PATH = '/v1/logs';
const NDJSON = { accept: 'application/x-ndjson' };
/** A server sends a sign of life every 15 s: one that has been silent for this long is gone, or the way to it is. */
const SILENCE_MS = 45_000;
/** For so long an answer that broke off is asked for anew without one more line of it. */
const OUTAGE_MS = 60_000;

export function createLogClient(transport: Transport, { silenceMs = SILENCE_MS } = {}): LogClient {
  const list: LogClient['list'] = ({ order, limit, cursor, ...selection } = {}, { signal } = {}) =>
    transport.json({ method: 'GET', path: PATH, query: { ...queryOf(selection), order, limit, cursor }, signal });
  return {
    list,
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => list(cursor === undefined ? query : { ...query, cursor }, options)),
    export: (query = {}, { signal } = {}) => exportAll(transport, query, signal),
    follow: (query = {}, { signal } = {}) => follow(transport, query, { signal, silenceMs }),
  };
}

function queryOf({ vm, operation, execution, sources, level, search, since, until }: LogSelection) {
  return { vm, operation, execution, source: sources, level, q: search, since, until };
}

async function* exportAll(
  transport: Transport,
  query: LogSelection,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine> {
  const backoff = createBackoff({ giveUpAfterMs: OUTAGE_MS });
  let after: number | undefined;
  let { until } = query;
  let hasConnected = false;
  for (;;) {
    try {
      const cursor = after === undefined ? {} : { cursor: String(after) };
      const asked = { ...queryOf(query), until, ...cursor };
      const response = await transport.send({ method: 'GET', path: PATH, query: asked, headers: NDJSON, signal });
      hasConnected = true;
      until ??= endOf(response);
      for await (const text of linesOf(bytesOf(response, signal))) {
        const line: LogLine = JSON.parse(text);
        after = Math.max(after ?? 0, line.sequence);
        backoff.reset();
        yield line;
      }
      return;
    } catch (error) {
      // Nobody there from the start is an answer; somebody who went away comes back.
      if (!hasConnected) throw error;
      await backoff.afterFault(error, signal);
    }
  }
}

/** When it was asked for at first: what comes later is not part of it, however often it is gone on with. A date has whole seconds. */
function endOf(response: Response): string | undefined {
  const atMs = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(atMs) ? undefined : new Date(atMs + 1_000).toISOString();
}

interface FollowOptions {
  readonly signal: AbortSignal | undefined;
  readonly silenceMs: number;
}

async function* follow(transport: Transport, query: LogFollowQuery, options: FollowOptions): AsyncGenerator<LogLine> {
  const backoff = createBackoff({ giveUpAfterMs: Number.POSITIVE_INFINITY });
  let { after } = query;
  let hasConnected = false;
  for (;;) {
    try {
      for await (const message of connect(transport, { ...query, after }, options)) {
        hasConnected = true;
        backoff.reset();
        if (message.type === 'error') throw errorOfProblem(message.problem);
        const sequence = message.type === 'line' ? message.line.sequence : message.sequence;
        after = Math.max(after ?? 0, sequence);
        if (message.type === 'line') yield message.line;
      }
    } catch (error) {
      // Nobody there from the start is an answer; somebody who went away comes back.
      if (!hasConnected) throw error;
      await backoff.afterFault(error, options.signal);
    }
  }
}

/** One connection, to its end, which is always one before its time. */
async function* connect(
  transport: Transport,
  { after, tail, ...selection }: Omit<LogFollowQuery, 'after'> & { readonly after: number | undefined },
  { signal, silenceMs }: FollowOptions,
): AsyncGenerator<LogMessage> {
  const alarm = createSilenceAlarm(silenceMs, signal, () => new VolaryConnectionError('the server', 'it is silent'));
  try {
    // Once it is known where to go on, the last lines are not asked for again.
    const beginning = after === undefined ? { tail } : { cursor: String(after) };
    const response = await transport.send({
      method: 'GET',
      path: PATH,
      query: { ...queryOf(selection), follow: true, ...beginning },
      headers: NDJSON,
      signal: alarm.signal,
    });
    for await (const text of linesOf(bytesOf(response, alarm.signal))) {
      const message: LogMessage = JSON.parse(text);
      // As long as somebody works on it, nothing can come.
      alarm.stop();
      yield message;
      alarm.reset();
    }
    throw new VolaryConnectionError(new URL(response.url).origin, 'the stream has ended');
  } finally {
    alarm.stop();
  }
}
