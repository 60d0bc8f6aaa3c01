import { isUtf8 } from 'node:buffer';
import { VolaryError } from '../../../domain/errors.ts';
import { isDeeperThan } from '../../../lib/json-depth.ts';
import { dictionary } from '../../../lib/shape.ts';

type Fields = Readonly<Record<string, unknown>>;

const MOST_LEVELS = 64;

/** The body as text. Throws `invalid_argument` request.malformed_json for what is not UTF-8. */
export function textOf(body: Uint8Array): string {
  if (isUtf8(body)) return new TextDecoder().decode(body);
  throw malformed('The body is not UTF-8.');
}

/** The object that a JSON text is. Throws `invalid_argument` request.malformed_json, request.too_deep. */
export function readObject(text: string): Fields {
  if (isDeeperThan(text, MOST_LEVELS))
    throw new VolaryError('invalid_argument', `The body is nested deeper than ${MOST_LEVELS} levels.`, {
      reason: 'request.too_deep',
      details: { maximum: MOST_LEVELS },
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('The body is not valid JSON.', cause);
  }
  if (dictionary(value)) return value;
  throw malformed('The body is no JSON object.');
}

/**
 * Whether the text is a form: it begins with a field's name, as no JSON does. What the headers say does not count, for they are not signed: whoever
 * sent JSON again as a form would have what people write in it read as fields.
 */
export function isForm(text: string): boolean {
  return /^[\w%+.-]+=/.test(text);
}

function malformed(message: string, cause?: unknown): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'request.malformed_json', cause });
}
