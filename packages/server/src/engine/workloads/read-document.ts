import { VolaryError } from '../../domain/errors.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { isDeeperThan } from '../../lib/json-depth.ts';

/** No real document has more; what has could be read, and not be written again. */
const MOST_LEVELS = 128;

/** The JSON object that a workload answers with. Throws `unavailable` workload.no_answer. */
export function readDocument(bytes: Uint8Array): JsonObject {
  const value = parse(bytes);
  if (isObject(value)) return value;
  throw noAnswer('what it answers is no JSON object');
}

function parse(bytes: Uint8Array): Json {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isDeeperThan(text, MOST_LEVELS) ? null : JSON.parse(text);
  } catch {
    // Whatever it is, it is told by the caller.
    return null;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `unavailable` workload.no_answer. */
export function noAnswer(why: string): VolaryError {
  return new VolaryError('unavailable', `The workload gives no answer that could be used: ${why}.`, {
    reason: 'workload.no_answer',
  });
}
