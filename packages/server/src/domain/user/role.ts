import type { EpochMs } from '../time.ts';

/** A role made by somebody: a name for patterns of permissions. The built-in ones are not stored. */
export interface CustomRole {
  /** By `isRoleName`; unique, unchangeable. */
  readonly name: string;
  /** For people; may be empty. */
  readonly description: string;
  /** Patterns such as `vm:read`, `vm:*`, `*:read@own`. */
  readonly permissions: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: EpochMs;
  /** When it was last changed; it rises with each change, and so tells them apart. */
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** True for a name that a role may have: 1 to 63 lower-case letters, digits and hyphens, a letter first. */
export function isRoleName(name: string): boolean {
  return NAME.test(name);
}
