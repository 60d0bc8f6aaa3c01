/** What is asked of Loki: https://grafana.com/docs/loki/latest/reference/loki-http-api/ */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { dictionaryOf, listOf, record, type Shape, text } from '../../../lib/shape.ts';
import { LokiError, type LokiHttp, type LokiReply } from './loki-http.ts';
import type { LokiStream } from './loki-lines.ts';

/**
 * What became of lines that were sent. `taken`: Loki has them. `refused`: some of them it will never take. `later`: it takes none now; after `afterMs` at the earliest,
 * where it said so.
 */
export type PushAnswer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'later'; readonly why: string; readonly afterMs: number | null };

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
  range(query: RangeQuery, options: { readonly signal: AbortSignal }): Promise<readonly LokiEntry[]>;
  /** Why it answers no questions now, in a few words; null: it does. */
  whyNot(options: { readonly signal: AbortSignal }): Promise<string | null>;
}

const PUSH_MS = 30_000;
const QUERY_MS = 15_000;
const LOOK_MS = 3_000;
/** What is shown of an answer, characters. */
const SHOWN = 200;

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

export function createLokiClient(http: LokiHttp): LokiClient {
  return {
    async push(streams, { signal }) {
      const body = await zip(JSON.stringify({ streams }));
      try {
        const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
        const path = 'loki/api/v1/push';
        return judge(await http.send({ method: 'POST', path, headers, body, timeoutMs: PUSH_MS, signal }));
      } catch (error) {
        if (!(error instanceof LokiError)) throw error;
        return { kind: 'later', why: error.message, afterMs: null };
      }
    },
    async range({ query, start, end, limit, direction }, { signal }) {
      const reply = await http.send({
        ...{ method: 'GET', path: 'loki/api/v1/query_range', timeoutMs: QUERY_MS, signal },
        query: { query, direction, start: String(start), end: String(end), limit: String(limit) },
      });
      if (reply.status !== 200) throw new LokiError(`it answers with ${describe(reply)}`);
      return entriesIn(reply.text).toSorted(inOrder(direction));
    },
    async whyNot({ signal }) {
      try {
        const reply = await http.send({ method: 'GET', path: 'loki/api/v1/labels', timeoutMs: LOOK_MS, signal });
        return reply.status === 200 ? null : `it answers with ${describe(reply)}`;
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
  const why = `it answers with ${describe(reply)}`;
  switch (reply.status) {
    case 200:
    case 204:
      return { kind: 'taken' };
    // 413: what stands in front of Loki bounds requests too.
    case 400:
    case 413:
    case 422:
      return { kind: 'refused', why };
    default:
      return { kind: 'later', why, afterMs: secondsIn(reply.retryAfter) };
  }
}

function describe({ status, text: said }: LokiReply): string {
  const line = said.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line === '' ? String(status) : `${status}: ${line.slice(0, SHOWN)}`;
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
