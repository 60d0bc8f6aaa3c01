import { existsSync, readFileSync } from 'node:fs';

const BYTES_PER_KIB = 1024;

export interface HostMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly freeBytes: number;
  readonly cachedBytes: number;
}

/**
 * `MemTotal`, `MemAvailable`, `MemFree` and `Cached` (proc(5)), within the limits of the control group that we are in and of those above it (Linux: cgroup-v2.rst).
 * What a group keeps files in is available, as in `MemAvailable`: the kernel gives it up where memory is wanted.
 */
export function readMemory(root: string): HostMemory {
  const meminfo = readFileSync(`${root}/proc/meminfo`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * BYTES_PER_KIB;
  const groups = readLimitedGroups(root);
  const least = (figure: (group: LimitedGroup) => number): number => Math.min(...groups.map(figure));
  const limitBytes = least((group) => group.limitBytes);
  return {
    totalBytes: Math.min(field('MemTotal'), limitBytes),
    availableBytes: Math.min(
      field('MemAvailable'),
      least((group) => group.availableBytes),
    ),
    freeBytes: Math.min(
      field('MemFree'),
      least((group) => group.freeBytes),
    ),
    cachedBytes: groups.find((group) => group.limitBytes === limitBytes)?.cachedBytes ?? field('Cached'),
  };
}

interface LimitedGroup {
  readonly limitBytes: number;
  readonly availableBytes: number;
  readonly freeBytes: number;
  readonly cachedBytes: number;
}

/** Our own group and those above it that have a limit, from the innermost; none with control groups of the first kind. */
function readLimitedGroups(root: string): readonly LimitedGroup[] {
  const path = /^0::(\/.*)$/m.exec(readFileSync(`${root}/proc/self/cgroup`, 'utf8'))?.[1];
  if (path === undefined) return [];
  const names = path.split('/').filter((name) => name !== '');
  // The mount's root too: in a container that is the container's own group.
  const paths = [...names.keys()].map((at) => names.slice(0, at + 1).join('/'));
  return ['', ...paths].reverse().flatMap((each) => readLimitedGroup(`${root}/sys/fs/cgroup/${each}`) ?? []);
}

function readLimitedGroup(directory: string): LimitedGroup | null {
  const read = (name: string): string =>
    existsSync(`${directory}/${name}`) ? readFileSync(`${directory}/${name}`, 'utf8').trim() : '';
  const limitBytes = Number(read('memory.max'));
  // "max", or no such file: no limit here.
  if (!Number.isFinite(limitBytes) || limitBytes === 0) return null;
  const stat = read('memory.stat');
  const field = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  // Not `file`, which has in it what lies in tmpfs: that cannot be given up.
  const reclaimableBytes = field('inactive_file') + field('active_file') + field('slab_reclaimable');
  const usedBytes = Number(read('memory.current'));
  return {
    limitBytes,
    availableBytes: Math.min(limitBytes, Math.max(0, limitBytes - usedBytes + reclaimableBytes)),
    freeBytes: Math.max(0, limitBytes - usedBytes),
    cachedBytes: field('file'),
  };
}
