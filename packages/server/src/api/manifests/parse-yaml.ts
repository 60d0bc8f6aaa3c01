import { VolaryError } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';

/** Uses of anchors that may be worked out: more is no manifest, and may be made to grow without end. */
const MOST_ALIASES = 64;

/**
 * One YAML 1.2 document, as JSON can say it. A key that stands twice is refused, as is what JSON has no word for. Throws `invalid_argument`
 * request.malformed_yaml, with the line where it can be told.
 */
export async function parseYaml(text: string): Promise<Json> {
  // Most requests bring none: the parser costs a start nothing.
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true, prettyErrors: true });
    // A tag that it does not know is a warning to the parser; to us it is one more thing that JSON cannot say.
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw malformed(error.message);
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return toJson(value);
  } catch (error) {
    if (error instanceof VolaryError) throw error;
    // An alias bomb, or brackets as deep as the stack.
    const why = error instanceof ReferenceError ? 'it uses too many aliases' : 'it is nested too deeply';
    throw malformed(why, error);
  }
}

/** Throws for numbers that are none. */
function toJson(value: unknown): Json {
  const text = JSON.stringify(value, (key, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) throw malformed(`${key} is not a finite number`);
    return each;
  });
  return text === undefined ? null : JSON.parse(text);
}

function malformed(why: string, cause?: unknown): VolaryError {
  return new VolaryError('invalid_argument', `The body is not YAML that can be read: ${why.split('\n')[0]}.`, {
    reason: 'request.malformed_yaml',
    cause,
  });
}
