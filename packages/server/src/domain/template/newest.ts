import { compareSemver, parseSemver } from '../../lib/semver.ts';
import type { Template } from './template.ts';

type Version = Pick<Template, 'version' | 'createdAt' | 'id'>;

/**
 * Newest first: by semantic version where both are one, a version that is none after all that are; those that this leaves equal by when
 * they were made.
 */
export function newestFirst(a: Version, b: Version): number {
  const [x, y] = [parseSemver(a.version), parseSemver(b.version)];
  if (x !== null && y !== null) return compareSemver(y, x) || laterFirst(a, b);
  if (x !== null || y !== null) return x === null ? 1 : -1;
  return laterFirst(a, b);
}

/** Ids sort by time, also within a millisecond. */
function laterFirst(a: Version, b: Version): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
