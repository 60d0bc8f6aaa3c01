/** Semantic versions (https://semver.org, 2.0.0), also with fewer than three numbers and a `v` before them, as people write them. */

export interface Semver {
  /** Three of them. */
  readonly numbers: readonly number[];
  /** What stands before a release: `beta.2` as its parts; empty for a release. */
  readonly before: readonly string[];
}

const SEMVER = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const NUMBER = /^\d+$/;

/** Null if that is none. */
export function parseSemver(text: string): Semver | null {
  const [matched, major, minor = '0', patch = '0', before] = SEMVER.exec(text) ?? [];
  if (matched === undefined || major === undefined) return null;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    before: before === undefined ? [] : before.split('.'),
  };
}

/** Negative when `a` comes before `b`, 0 when neither comes first. */
export function compareSemver(a: Semver, b: Semver): number {
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // A release comes after all that stands before it.
  if (a.before.length === 0 || b.before.length === 0) return b.before.length - a.before.length;
  return compareParts(a.before, b.before);
}

/** Numbers by their size and before all others, others letter by letter; of two that begin alike, the shorter one first. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const areNumbers = [NUMBER.test(part), NUMBER.test(other)];
    if (areNumbers[0] && areNumbers[1] && Number(part) !== Number(other)) return Number(part) - Number(other);
    if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] ? -1 : 1;
    return part < other ? -1 : 1;
  }
  return a.length - b.length;
}
