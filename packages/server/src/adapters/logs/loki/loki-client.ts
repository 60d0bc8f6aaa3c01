/** What is asked of Loki: https://grafana.com/docs/loki/latest/reference/loki-http-api/ */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { dictionaryOf, listOf, record, type Shape, text } from '../../../lib/shape.ts';
import { LokiError, type LokiHttp, type LokiReply } from './loki-http.ts';
import type { LokiStream } from './loki-lines.ts';

/**
 * What became of lines that were sent. `taken`: Loki has them. `refused`: some of them it will never take. `later`: it takes none now; after `afterMs` at the earliest,
 * where it said so. `why` anybody may read; `said` is how Loki put it, for the log of the server.
 */
export type PushAnswer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string; readonly said: string | null }
  | { readonly kind: 'later'; readonly why: string; readonly said: string | null; readonly afterMs: number | null };

/** A question about lines; times in nanoseconds, `end` excluded. */
export interface RangeQuery {
  readonly query: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly limit: number;
  readonly direction: 'forward' | 'backward';
}

/** A line with its labels and metadata. */
export interface LokiEntry {
  readonly time: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface LokiClient {
  /** Never rejects but by the signal. */
  push(streams: readonly LokiStream[], options: { readonly signal: AbortSignal }): Promise<PushAnswer>;
  /** By time, in the direction of the query. Rejects with a LokiError when there is no answer, or another than asked for. */
  range(
    query: RangeQuery,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<readonly LokiEntry[]>;
  /** Why it answers no questions now, in a few words; null: it does. */
  whyNot(options: { readonly signal: AbortSignal }): Promise<string | null>;
}

const PUSH_MS = 30_000;
const LOOK_MS = 3_000;
/** What is kept of an answer that was not asked for, characters. */
const KEPT = 500;

const zip = promisify(gzip);

const isRange: Shape<{
  readonly data: {
    readonly result: readonly {
      readonly stream: Readonly<Record<string, string>>;
      readonly values: readonly (readonly string[])[];
    }[];
  };
}> = record({
  data: record({ result: listOf(record({ stream: dictionaryOf(text), values: listOf(listOf(text, 2)) })) }),
});

/** Connections of their own for each: who asks waits for no lines that are on their way, nor the other way round; and a look whether it answers for nobody. */
export interface LokiConnections {
  readonly pushes: LokiHttp;
  readonly questions: LokiHttp;
  readonly looks: LokiHttp;
}

export function createLokiClient({ pushes, questions, looks }: LokiConnections): LokiClient {
  return {
    async push(streams, { signal }) {
      const body = await zip(JSON.stringify({ streams }));
      try {
        const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
        const path = 'loki/api/v1/push';
        return judge(await pushes.send({ method: 'POST', path, headers, body, timeoutMs: PUSH_MS, signal }));
      } catch (error) {
        if (!(error instanceof LokiError)) throw error;
        return { kind: 'later', why: error.message, said: null, afterMs: null };
      }
    },
    async range({ query, start, end, limit, direction }, { signal, timeoutMs }) {
      const reply = await questions.send({
        ...{ method: 'GET', path: 'loki/api/v1/query_range', timeoutMs, signal },
        query: { query, direction, start: String(start), end: String(end), limit: String(limit) },
      });
      const { status } = reply;
      if (status !== 200) throw new LokiError(whyOf(reply), { said: saidIn(reply), isFault: status >= 500 });
      return entriesIn(reply.text).toSorted(inOrder(direction));
    },
    async whyNot({ signal }) {
      try {
        const reply = await looks.send({ method: 'GET', path: 'loki/api/v1/labels', timeoutMs: LOOK_MS, signal });
        return reply.status === 200 ? null : whyOf(reply);
      } catch (error) {
        if (!(error instanceof LokiError)) throw error;
        return error.message;
      }
    },
  };
}

/**
 * "Validation errors" are not retryable, rate limits are (429): https://grafana.com/docs/loki/latest/operations/request-validation-rate-limits/. What is about who asks and where,
 * such as a wrong password, is set right some day, and costs no line. Statuses of success are two: "if push requests are blocked, the endpoint will return the
 * status code configured in `block_ingestion_status_code` (260 by default)".
 */
function judge(reply: LokiReply): PushAnswer {
  const [why, said] = [whyOf(reply), saidIn(reply)];
  switch (reply.status) {
    case 200:
    case 204:
      return { kind: 'taken' };
    // 413: what stands in front of Loki bounds requests too.
    case 400:
    case 413:
    case 422:
      return { kind: 'refused', why, said };
    default:
      return { kind: 'later', why, said, afterMs: secondsIn(reply.retryAfter) };
  }
}

/** What it says itself may be about anything, its hosts for one: whoever reads lines is told what the status means. */
function whyOf({ status }: LokiReply): string {
  const meaning = MEANINGS[status] ?? (status >= 500 ? 'something is wrong with it' : null);
  return meaning === null ? `it answers with ${status}` : `it answers with ${status} (${meaning})`;
}

const MEANINGS: Readonly<Record<number, string>> = {
  260: 'it is set to take nothing',
  400: 'it does not take it as it is',
  401: 'it knows no such user, password or tenant',
  403: 'it does not let this user in',
  404: 'there is no Loki at this address',
  413: 'it was too much at once',
  422: 'it does not take it as it is',
  429: 'it was too much for now',
};

function saidIn({ text: said }: LokiReply): string | null {
  const line = said
    .slice(0, 2 * KEPT)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line === '' ? null : line.slice(0, KEPT);
}

/** Milliseconds; a date is not given where this is about seconds. */
function secondsIn(retryAfter: string | null): number | null {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : null;
}

function entriesIn(body: string): readonly LokiEntry[] {
  const answer = parse(body);
  if (!isRange(answer)) throw new LokiError('it answers something else than lines');
  return answer.data.result.flatMap(({ stream, values }) =>
    values.map(([time = '', message = '']) => {
      if (!/^\d{1,19}$/.test(time)) throw new LokiError('it answers lines without a time');
      return { time: BigInt(time), labels: stream, message };
    }),
  );
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function inOrder(direction: RangeQuery['direction']): (one: LokiEntry, other: LokiEntry) => number {
  const sign = direction === 'forward' ? 1 : -1;
  return (one, other) => (one.time < other.time ? -sign : one.time > other.time ? sign : 0);
}
