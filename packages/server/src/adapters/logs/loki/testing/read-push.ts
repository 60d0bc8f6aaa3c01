import { gunzipSync } from 'node:zlib';
import type { Entry } from './loki-rules.ts';

export interface PushedStream {
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: readonly Entry[];
}

/**
 * The body of a push as Loki reads it ("Ingest logs", https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs); a sentence says what is wrong with one that it does not.
 */
export function readPush(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
): readonly PushedStream[] | string {
  // "if the Content-Type header is set to application/json, a JSON post body can be sent"; else it is taken for snappy.
  if (headers['content-type'] !== 'application/json') return 'snappy: corrupt input';
  const encoding = headers['content-encoding'];
  // "You can set Content-Encoding: gzip request header and post gzipped JSON."
  if (encoding !== undefined && encoding !== 'gzip') return `Content-Encoding "${encoding}" not supported`;
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(encoding === 'gzip' ? gunzipSync(body) : body).toString());
  } catch (error) {
    return `cannot be decoded: ${error}`;
  }
  const streams = fieldOf(document, 'streams');
  if (!Array.isArray(streams)) return 'streams is missing';
  const read = streams.map(readStream);
  return read.find((stream) => typeof stream === 'string') ?? read.filter((stream) => typeof stream !== 'string');
}

function readStream(document: unknown): PushedStream | string {
  const labels = textsIn(fieldOf(document, 'stream'));
  const values = fieldOf(document, 'values');
  if (labels === null || !Array.isArray(values)) return 'a stream has labels and values';
  const entries = values.map(readEntry);
  const wrong = entries.find((entry) => typeof entry === 'string');
  return wrong ?? { labels, entries: entries.filter((entry) => typeof entry !== 'string') };
}

function readEntry(value: unknown): Entry | string {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return 'a value has two or three parts';
  const [time, line, metadata = {}] = value;
  // "you must send the timestamp as a string and not a number, otherwise the endpoint will return a 400 error."
  if (typeof time !== 'string' || !/^-?\d{1,19}$/.test(time)) return 'the timestamp must be a string of nanoseconds';
  if (typeof line !== 'string') return 'a line is a string';
  // "a valid JSON object with string keys and string values. The JSON object should not contain any nested object."
  const texts = textsIn(metadata);
  return texts === null ? 'structured metadata are strings' : { time: BigInt(time), line, metadata: texts };
}

function textsIn(value: unknown): Readonly<Record<string, string>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  return entries.every(([, text]) => typeof text === 'string') ? Object.fromEntries(entries) : null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : null;
}
