/**
 * Ranges of versions, as npm writes them, with what people write for short: `20`, `1.4.x`, `^3.1`, `~2.0.3`, `>=1.2 <2`, `16 || 18`, `*`.
 * Versions before a release (`1.0.0-rc.1`) are only in ranges that name one of the same release.
 */
import { compareSemver, parseSemver, type Semver } from '../../lib/semver.ts';

type Comparator = (version: Semver) => boolean;
/** Comparators that all have to hold, and the releases whose earlier versions they name. */
interface Alternative {
  readonly comparators: readonly Comparator[];
  readonly named: readonly Semver[];
}

const PARTIAL = /^([~^]|[<>]=?|=)?\s*v?(\*|x|[0-9]+)(?:\.(\*|x|[0-9]+))?(?:\.(\*|x|[0-9]+))?([-+][0-9A-Za-z.+-]+)?$/;

/** Whether versions are in this range; null for what is no range. */
export function parseRange(text: string): ((version: string) => boolean) | null {
  const alternatives: Alternative[] = [];
  for (const part of text.split('||')) {
    const alternative = parseAlternative(part.trim());
    if (alternative === null) return null;
    alternatives.push(alternative);
  }
  return (version) => {
    const parsed = parseSemver(version);
    return parsed !== null && alternatives.some((alternative) => holds(alternative, parsed));
  };
}

/** The greatest of these versions in the range; null: none is. Versions that are none of semver's are left out. */
export function newestOf(versions: readonly string[], isIn: (version: string) => boolean = () => true): string | null {
  let newest: { readonly text: string; readonly version: Semver } | null = null;
  for (const text of versions) {
    const version = parseSemver(text);
    if (version === null || !isIn(text)) continue;
    if (newest === null || order(version, newest.version, text, newest.text) > 0) newest = { text, version };
  }
  return newest?.text ?? null;
}

/** Two that differ in what was built alone are told apart by that. */
function order(a: Semver, b: Semver, aText: string, bText: string): number {
  return compareSemver(a, b) || (aText < bText ? -1 : 1);
}

function holds({ comparators, named }: Alternative, version: Semver): boolean {
  if (!comparators.every((comparator) => comparator(version))) return false;
  if (version.before.length === 0) return true;
  return named.some(({ numbers }) => numbers.every((number, index) => number === version.numbers[index]));
}

function parseAlternative(text: string): Alternative | null {
  const words = text.replace(/([<>]=?|[~^=])\s+/g, '$1').split(/\s+/);
  const comparators: Comparator[] = [];
  const named: Semver[] = [];
  for (const word of words) {
    if (word === '' || word === '*' || word === 'x') continue;
    const parsed = parseComparator(word);
    if (parsed === null) return null;
    comparators.push(parsed.holds);
    if (parsed.version.before.length > 0) named.push(parsed.version);
  }
  return { comparators, named };
}

function parseComparator(word: string): { readonly holds: Comparator; readonly version: Semver } | null {
  const [, operator = '', major = '', minor, patch, rest = ''] = PARTIAL.exec(word) ?? [];
  const parts = [major, minor, patch].map((part) => (part === undefined || /^[*x]$/.test(part) ? null : Number(part)));
  const known = parts.indexOf(null);
  const count = known === -1 ? 3 : known;
  const version = parseSemver(`${parts.map((part) => part ?? 0).join('.')}${count === 3 ? rest : ''}`);
  if (major === '' || count === 0 || version === null) return null;
  const upper =
    operator === '^'
      ? afterCaret(version, count)
      : operator === '~'
        ? after(version, Math.min(count, 2))
        : after(version, count);
  const holds: Comparator = (other) => {
    const atLeast = compareSemver(other, version) >= 0;
    switch (operator) {
      case '>':
        return count === 3 ? compareSemver(other, version) > 0 : compareSemver(other, upper) >= 0;
      case '>=':
        return atLeast;
      case '<':
        return compareSemver(other, version) < 0;
      case '<=':
        return count === 3 ? compareSemver(other, version) <= 0 : isBefore(other, upper);
      default:
        return count === 3 && operator !== '^' && operator !== '~'
          ? compareSemver(other, version) === 0
          : atLeast && isBefore(other, upper);
    }
  };
  return { holds, version };
}

/** A version before the release of the bound is not below it. */
function isBefore(version: Semver, bound: Semver): boolean {
  return compareSemver({ ...version, before: [] }, bound) < 0;
}

/** The first version that differs in the last of so many of its numbers. */
function after({ numbers }: Semver, count: number): Semver {
  return {
    numbers: numbers.map((number, index) => (index < count - 1 ? number : index === count - 1 ? number + 1 : 0)),
    before: [],
  };
}

/** The first that may be incompatible: the first number that is not 0 counts. */
function afterCaret(version: Semver, count: number): Semver {
  const first = version.numbers.findIndex((number) => number > 0);
  return after(version, first === -1 ? count : Math.min(first + 1, count));
}
