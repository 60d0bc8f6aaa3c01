/**
 * Lines as Loki has them. Few labels, each with few values: what lines are of, how grave and from whom. Everything else is metadata of the line, which makes no
 * streams (https://grafana.com/docs/loki/latest/get-started/labels/structured-metadata/); the line itself is the message as it is.
 */
import type { JsonObject } from '../../../domain/json.ts';
import { LOG_LEVELS, LOG_MARKS, LOG_SOURCES, type LogLine } from '../../../domain/logs/log-line.ts';
import { SERVICE } from './logql.ts';

/** One line in a stream: its time in nanoseconds since 1970, the message, metadata. */
export type LokiValue = readonly [string, string, Readonly<Record<string, string>>];

export interface LokiStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly LokiValue[];
}

/** The time of a line at Loki: a millisecond, and within it the end of its sequence as nanoseconds. */
export interface LokiTime {
  readonly ms: number;
  readonly sequence: number;
}

const NANOSECONDS = 1_000_000;
/** Loki takes 64 KB of metadata with a line at most; without the fields it is a few hundred bytes. */
const FIELD_BYTES = 48 * 1024;

/**
 * The time that a line gets after the one before: its own, or a moment after that one's where it is not later. So times grow as sequences do: Loki, which sorts by time,
 * has our order, and refuses nothing as too far behind. The same line after the same one gets the same time: sent twice it is a duplicate, which Loki drops.
 */
export function timeAfter(before: LokiTime, { at, sequence }: LogLine): LokiTime {
  if (at > before.ms) return { ms: at, sequence };
  const isLater = sequence % NANOSECONDS > before.sequence % NANOSECONDS;
  return { ms: isLater ? before.ms : before.ms + 1, sequence };
}

function nanosecondsOf({ ms, sequence }: LokiTime): bigint {
  return BigInt(ms) * BigInt(NANOSECONDS) + BigInt(sequence % NANOSECONDS);
}

/**
 * A line that is none of the log, in a stream of its own, with all that lines can have: where it is not taken, none is. Its stream keeps no other from being taken in order, and
 * its source is none that is looked for.
 */
export function toTrial(nowMs: number, installation: string): readonly LokiStream[] {
  const labels = { service_name: SERVICE, installation, source: 'trial', level: 'debug' };
  const metadata = { sequence: '0', at: String(nowMs), fields: '{}', marks: 'gap' };
  const subjects = { vm: 'none', owner: 'none', operation: 'none', execution: 'none' };
  const time = nanosecondsOf({ ms: nowMs, sequence: 0 });
  const message = 'Volary sends this line, which says nothing, to see whether lines are taken at all.';
  return [{ stream: labels, values: [[String(time), message, { ...metadata, ...subjects }]] }];
}

/** The lines with their times, by stream, in order. */
export function toStreams(
  lines: readonly { readonly line: LogLine; readonly time: LokiTime }[],
  installation: string,
): readonly LokiStream[] {
  const streams = new Map<string, { readonly stream: Record<string, string>; readonly values: LokiValue[] }>();
  for (const { line, time } of lines) {
    const { source, level } = line;
    const key = `${source}\n${level}`;
    const stream = streams.get(key) ?? { stream: { service_name: SERVICE, installation, source, level }, values: [] };
    streams.set(key, stream);
    stream.values.push([String(nanosecondsOf(time)), line.message, metadataOf(line)]);
  }
  return [...streams.values()];
}

function metadataOf(line: LogLine): Readonly<Record<string, string>> {
  const { sequence, at, vmId: vm, owner, operationId: operation, executionId: execution } = line;
  const fields = Object.keys(line.fields).length === 0 ? null : JSON.stringify(line.fields);
  const isTooLong = fields !== null && Buffer.byteLength(fields) > FIELD_BYTES;
  const marks = isTooLong ? new Set([...line.marks, 'truncated']) : new Set(line.marks);
  const present = { vm, owner, operation, execution, fields: isTooLong ? null : fields };
  return {
    sequence: String(sequence),
    at: String(at),
    ...Object.fromEntries(Object.entries(present).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    ...(marks.size === 0 ? {} : { marks: [...marks].join(',') }),
  };
}

/** A line from what Loki gives back, which has labels and metadata together; null: it is none of ours. */
export function toLine(labels: Readonly<Record<string, string>>, message: string): LogLine | null {
  const sequence = Number(labels['sequence']);
  const at = Number(labels['at']);
  const level = LOG_LEVELS.find((each) => each === labels['level']);
  const source = LOG_SOURCES.find((each) => each === labels['source']);
  const fields = fieldsIn(labels['fields']);
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(at)) return null;
  if (level === undefined || source === undefined || fields === null) return null;
  const marks = (labels['marks'] ?? '').split(',');
  return {
    ...{ sequence, at, level, source, message, fields },
    vmId: labels['vm'] ?? null,
    owner: labels['owner'] ?? null,
    operationId: labels['operation'] ?? null,
    executionId: labels['execution'] ?? null,
    marks: LOG_MARKS.filter((mark) => marks.includes(mark)),
  };
}

function fieldsIn(text: string | undefined): JsonObject | null {
  if (text === undefined) return {};
  try {
    const fields: JsonObject = JSON.parse(text);
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? fields : null;
  } catch {
    // Whoever may write to this Loki may write what looks like ours.
    return null;
  }
}
