import type { Document, Node } from 'yaml';
import { VolaryError } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import { hasTooManyParts } from '../yaml-parts.ts';

/** Uses of anchors that may be worked out: more is no manifest, and may be made to grow without end. */
const MOST_ALIASES = 64;

/**
 * One YAML 1.2 document, as JSON can say it. A key that stands twice is refused, as is what JSON has no word for. Throws `invalid_argument`
 * request.malformed_yaml, with the line where it can be told.
 */
export async function parseYaml(text: string): Promise<Json> {
  if (await hasTooManyParts(text)) throw malformed('it has far more parts than a manifest');
  // Most requests bring none: the parser costs a start nothing.
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `at line ${line}, column ${col}`;
  };
  try {
    // Keys are compared by us: the parser compares each with all before it. So are places told, of the first fault alone.
    const options = { version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false } as const;
    const document = parseDocument(text, { ...options, lineCounter: lines });
    // A tag that it does not know is a warning to the parser; to us it is one more thing that JSON cannot say.
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw malformed(`${error.message.split('\n')[0]} ${at(error.pos[0])}`);
    await requireKeys(document, (node, what) => malformed(`${what} ${at(node?.range?.[0] ?? 0)}`));
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return toJson(value);
  } catch (error) {
    if (error instanceof VolaryError) throw error;
    // An alias bomb, or brackets as deep as the stack.
    const why = error instanceof ReferenceError ? 'it uses too many aliases' : 'it is nested too deeply';
    throw malformed(why, error);
  }
}

/** Keys are plain, as JSON's are, and each stands once: `1` and `"1"` are one. */
async function requireKeys(document: Document, fault: (node: Node | null, what: string) => Error): Promise<void> {
  const { isNode, isScalar, visit } = await import('yaml');
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) throw fault(isNode(key) ? key : null, 'a key is neither a text nor a number');
        const name = String(key.value ?? '');
        if (seen.has(name)) throw fault(key, 'map keys must be unique');
        seen.add(name);
      }
    },
  });
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
  return new VolaryError('invalid_argument', `The body is not YAML that can be read: ${why}.`, {
    reason: 'request.malformed_yaml',
    cause,
  });
}
