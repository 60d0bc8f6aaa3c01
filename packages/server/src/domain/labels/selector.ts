import { VolaryError } from '../errors.ts';

/**
 * Which resources are meant, by their labels; all of its parts have to hold. The text is that of Kubernetes: `a=b` (or `a==b`), `c!=d`, `e in (x,y)`,
 * `f notin (x,y)`, `g` (it has the label), `!h` (it has not), with commas between.
 */
export type Selector = readonly Requirement[];

export type Requirement =
  | { readonly kind: 'in' | 'not-in'; readonly key: string; readonly values: ReadonlySet<string> }
  | { readonly kind: 'exists' | 'absent'; readonly key: string };

export const SELECTOR_LIMITS = { length: 2_048, requirements: 32 } as const;

/** A key or a value: what labels have, but for the characters that mean something here. */
const WORD = '[^\\s,()!=]+';
const ONE = new RegExp(
  `^\\s*(?:!\\s*(?<absent>${WORD})|(?<key>${WORD})\\s+(?<operator>in|notin)\\s*\\((?<values>[^()]*)\\)|(?<left>${WORD})\\s*(?<sign>==|=|!=)\\s*(?<right>[^\\s,()!=]*)|(?<exists>${WORD}))\\s*$`,
);

/** Throws `invalid_argument` selector.invalid, naming the part that is none. */
export function parseSelector(text: string): Selector {
  const parts = splitParts(text);
  if (text.length > SELECTOR_LIMITS.length || parts.length > SELECTOR_LIMITS.requirements)
    throw invalid(text.slice(0, 64), `has more than ${SELECTOR_LIMITS.requirements} parts, or is too long`);
  return parts.map(parseRequirement);
}

/** Whether labels are such as these are meant; what has no label `a` is none of `a!=b`'s exceptions: it is meant. */
export function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.kind) {
      case 'in':
        return value !== undefined && requirement.values.has(value);
      case 'not-in':
        return value === undefined || !requirement.values.has(value);
      case 'exists':
        return value !== undefined;
      case 'absent':
        return value === undefined;
      default:
        return requirement satisfies never;
    }
  });
}

/** At commas outside of parentheses. */
function splitParts(text: string): readonly string[] {
  if (text.trim() === '') return [];
  const parts: string[] = [''];
  let depth = 0;
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

function parseRequirement(part: string): Requirement {
  const groups = ONE.exec(part)?.groups;
  if (groups === undefined) throw invalid(part.trim(), 'is no requirement');
  const { absent, exists, key, operator, values, left, sign, right } = groups;
  if (absent !== undefined) return { kind: 'absent', key: absent };
  if (exists !== undefined) return { kind: 'exists', key: exists };
  if (key !== undefined)
    return {
      kind: operator === 'in' ? 'in' : 'not-in',
      key,
      values: new Set((values ?? '').split(',').map((value) => value.trim())),
    };
  return { kind: sign === '!=' ? 'not-in' : 'in', key: left ?? '', values: new Set([right ?? '']) };
}

function invalid(part: string, why: string): VolaryError {
  return new VolaryError('invalid_argument', `The selector cannot be read: ${JSON.stringify(part)} ${why}.`, {
    reason: 'selector.invalid',
    details: { field: 'selector', part, allowed: 'a=b, a!=b, a in (b,c), a notin (b,c), a, !a' },
  });
}
