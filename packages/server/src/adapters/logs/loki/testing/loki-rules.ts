/**
 * What Loki refuses, rule by rule, with the page of its documentation that says so. Limits are those that Loki comes with
 * (https://grafana.com/docs/loki/latest/configure/#limits_config).
 */
const VALIDATION = 'https://grafana.com/docs/loki/latest/operations/request-validation-rate-limits/';
const HTTP_API = 'https://grafana.com/docs/loki/latest/reference/loki-http-api/';
const CONFIGURATION = 'https://grafana.com/docs/loki/latest/configure/#limits_config';
const SERVER = 'https://grafana.com/docs/loki/latest/configure/#server';
const METADATA = 'https://grafana.com/docs/loki/latest/get-started/labels/structured-metadata/';

export interface Entry {
  readonly time: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is known of the stream of an entry, and when that is. */
export interface Standing {
  readonly nowMs: number;
  /** Time of the newest entry of the stream; null: there is none. */
  readonly newest: bigint | null;
}

export interface Refusal {
  /** As Loki's documentation calls it. */
  readonly reason: string;
  readonly source: string;
}

export const LIMITS = {
  labelNames: 15,
  labelNameBytes: 1024,
  labelValueBytes: 2048,
  lineBytes: 256 * 1024,
  metadataBytes: 64 * 1024,
  metadataEntries: 128,
  oldestMs: 7 * 24 * 3_600_000,
  aheadMs: 10 * 60_000,
  /** Half of `max_chunk_age`, which is two hours. */
  behindMs: 3_600_000,
  entriesPerQuery: 5_000,
  answerBytes: 4 * 1024 ** 2,
  queryMs: 721 * 3_600_000,
  streams: 5_000,
  ingestionBytesPerSecond: 4_000_000,
  ingestionBurstBytes: 6_000_000,
  streamBytesPerSecond: 3_000_000,
  streamBurstBytes: 15_000_000,
  tails: 10,
  tailDelaySeconds: 5,
} as const;
export type Limits = { readonly [K in keyof typeof LIMITS]: number };

/** "Label names may contain ASCII letters, numbers, as well as underscores. [...] Label names beginning with __ are reserved for internal use." */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Why a stream with these labels is refused, with all that is in it. */
export function refusalOfLabels(labels: Readonly<Record<string, string>>, limits: Limits): Refusal | null {
  const names = Object.keys(labels);
  // "This validation error is returned when a stream is submitted without any labels."
  if (names.length === 0) return { reason: 'missing_labels', source: VALIDATION };
  // "If a sample is submitted with more labels than Loki has been configured to allow"
  if (names.length > limits.labelNames) return { reason: 'max_label_names_per_series', source: VALIDATION };
  for (const [name, value] of Object.entries(labels)) {
    // "This error occurs when one or more labels in the submitted streams fail validation."
    if (!LABEL_NAME.test(name) || name.startsWith('__')) return { reason: 'invalid_labels', source: VALIDATION };
    // "a label name that has a length in bytes greater than Loki has been configured to allow"
    if (Buffer.byteLength(name) > limits.labelNameBytes) return { reason: 'label_name_too_long', source: VALIDATION };
    // "a label value with a length in bytes greater than Loki has been configured to allow"
    if (Buffer.byteLength(value) > limits.labelValueBytes)
      return { reason: 'label_value_too_long', source: VALIDATION };
  }
  return null;
}

/** Why one entry is refused. */
export function refusalOfEntry(
  { time, line, metadata }: Entry,
  { nowMs, newest }: Standing,
  limits: Limits,
): Refusal | null {
  const atMs = Number(time / 1_000_000n);
  // "This error occurs when a log line exceeds the maximum allowable length in bytes."
  if (Buffer.byteLength(line) > limits.lineBytes) return { reason: 'line_too_long', source: VALIDATION };
  // "samples will be rejected [...] if they are older than the reject_old_samples_max_age value"
  if (atMs < nowMs - limits.oldestMs) return { reason: 'greater_than_max_sample_age', source: VALIDATION };
  // "Loki allows for a certain grace period [...]. If the grace period is exceeded, the error will occur."
  if (atMs > nowMs + limits.aheadMs) return { reason: 'too_far_in_future', source: VALIDATION };
  // "lines in question are older than half of -ingester.max-chunk-age compared to the newest line in the stream"
  if (newest !== null && time < newest - BigInt(limits.behindMs) * 1_000_000n)
    return { reason: 'too_far_behind', source: VALIDATION };
  const sizes = Object.entries(metadata).map(([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value));
  // "Maximum number of structured metadata entries per log line."
  if (sizes.length > limits.metadataEntries) return { reason: 'structured_metadata_too_many', source: METADATA };
  // "Maximum size accepted for structured metadata per log line."
  if (sizes.reduce((sum, size) => sum + size, 0) > limits.metadataBytes)
    return { reason: 'structured_metadata_too_large', source: METADATA };
  return null;
}

/** Why a question about a range of time is refused. */
export function refusalOfRange(
  { start, end, limit }: { readonly start: bigint; readonly end: bigint; readonly limit: number },
  limits: Limits,
): Refusal | null {
  // "Maximum number of log entries that will be returned for a query."
  if (limit > limits.entriesPerQuery) return { reason: 'max_entries_limit_per_query', source: CONFIGURATION };
  // "The limit to length of chunk store queries."
  if (end - start > BigInt(limits.queryMs) * 1_000_000n) return { reason: 'max_query_length', source: CONFIGURATION };
  // "`start`: Loki returns results with timestamp greater or equal to this value. `end`: [...] lower than this value."
  if (end <= start) return { reason: 'end_before_start', source: HTTP_API };
  return null;
}

/**
 * Why an answer is not given. "Limit on the size of a gRPC message this server can receive (bytes)",
 * `grpc_server_max_recv_msg_size`, and its like for sending: parts of Loki hand answers to each
 * other in one message. The caller is told 500: https://github.com/grafana/loki/issues/6568
 */
export function refusalOfAnswer(entries: readonly Entry[], limits: Limits): Refusal | null {
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  return bytes > limits.answerBytes ? { reason: 'grpc_server_max_recv_msg_size', source: SERVER } : null;
}

/** "Structured metadata size is taken into account while asserting ingestion rate limiting." */
export function sizeOf({ line, metadata }: Pick<Entry, 'line' | 'metadata'>): number {
  return Buffer.byteLength(line) + Buffer.byteLength(Object.entries(metadata).flat().join(''));
}
