/**
 * What somebody may do, worked out once from patterns:
 *
 *   vm:read      read any VM              *:read     read anything
 *   vm:*         do anything to any VM    *          do anything
 *   vm:*@own     the same, to one's own   *@own      do anything to what is one's own
 */
import { OWNED_RESOURCES, PERMISSIONS, type Permission, partsOf } from './permissions.ts';

export interface Rights {
  /** On whatever there is. */
  readonly all: ReadonlySet<Permission>;
  /** On what is one's own: all of the above, and more. */
  readonly own: ReadonlySet<Permission>;
}

export const NO_RIGHTS: Rights = { all: new Set(), own: new Set() };
export const ALL_RIGHTS: Rights = { all: new Set(PERMISSIONS), own: new Set(PERMISSIONS) };

const PATTERN = /^(?:(?<resource>\*|[a-z-]+):(?<verb>\*|[a-z-]+)|\*)(?<own>@own)?$/;

/** True when the pattern stands for at least one permission that there is. */
export function isPattern(pattern: string): boolean {
  return matched(pattern).length > 0;
}

/** The rights that patterns give together. One that stands for nothing gives nothing. */
export function rightsOf(patterns: readonly string[]): Rights {
  const all = new Set<Permission>();
  const own = new Set<Permission>();
  for (const pattern of patterns) {
    const isOwn = pattern.endsWith('@own');
    for (const permission of matched(pattern)) {
      own.add(permission);
      if (!isOwn) all.add(permission);
    }
  }
  return { all, own };
}

/** What both allow: a key can do no more than whose key it is. */
export function restrict(rights: Rights, by: Rights): Rights {
  return { all: rights.all.intersection(by.all), own: rights.own.intersection(by.own) };
}

/** The same, but of what is of this kind (`workspace`) only what is one's own. */
export function ofOwnOnly({ all, own }: Rights, resource: string): Rights {
  return { all: new Set([...all].filter((permission) => partsOf(permission).resource !== resource)), own };
}

/** What somebody else would need to do all that whoever has these may do: what is their own is not that one's. */
export function asAnother({ own }: Rights): Rights {
  return { all: own, own };
}

/** Whether whoever holds the first may give the second away. */
export function covers(held: Rights, given: Rights): boolean {
  return given.all.isSubsetOf(held.all) && given.own.isSubsetOf(held.own);
}

function matched(pattern: string): readonly Permission[] {
  const groups = PATTERN.exec(pattern)?.groups;
  if (groups === undefined) return [];
  const { resource: wantedResource = '*', verb: wantedVerb = '*', own } = groups;
  return PERMISSIONS.filter((permission) => {
    const { resource, verb } = partsOf(permission);
    if (own !== undefined && !OWNED_RESOURCES.has(resource)) return false;
    return (wantedResource === '*' || wantedResource === resource) && (wantedVerb === '*' || wantedVerb === verb);
  });
}
