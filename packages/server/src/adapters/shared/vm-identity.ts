import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** As whom a VMM runs. Null: as we do, since we are not root and cannot change it. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups: that of `/dev/kvm` where it is needed, else none. */
  readonly groups: readonly number[];
}

interface Range {
  readonly first: number;
  readonly count: number;
}

/**
 * Where uids of VMMs come from. No distribution gives these numbers to anybody (https://systemd.io/UIDS-GIDS: unused
 * between the container ranges and those of foreign images), so that a VMM that was taken over owns nothing but its
 * own run directory. The small range is the one that is left inside a container which maps 65,536 uids.
 */
const RANGES: readonly Range[] = [
  { first: 1_879_048_192, count: 268_304_384 },
  { first: 60_578, count: 606 },
];

/**
 * The uid for the VMM of this VM: always the same one, derived from its id. Two VMs may share one by chance; then they
 * are no better separated from each other than two programs of one user.
 * Returns null when this process is not root, or no such uid can be used in its user namespace.
 */
export function identityOf(
  vmId: string,
  groups: readonly number[],
  self: { readonly uid: number; readonly uidMap: string } = { uid: process.getuid?.() ?? 0, uidMap: readUidMap() },
): Identity | null {
  if (self.uid !== 0) return null;
  const range = RANGES.find((candidate) => isMapped(candidate, self.uidMap));
  if (range === undefined) return null;
  const uid = range.first + (createHash('sha256').update(vmId).digest().readUInt32LE(0) % range.count);
  return { uid, gid: uid, groups };
}

function readUidMap(): string {
  return readFileSync('/proc/self/uid_map', 'utf8');
}

function isMapped(range: Range, uidMap: string): boolean {
  return uidMap.split('\n').some((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || count === undefined) return false;
    return inside <= range.first && range.first + range.count <= inside + count;
  });
}
