import { existsSync, readFileSync } from 'node:fs';

const BYTES_PER_KIB = 1024;

export interface HostMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly freeBytes: number;
  readonly cachedBytes: number;
}

/** `MemTotal`, `MemAvailable`, `MemFree` and `Cached` (proc(5)), limited by `memory.max` (Linux: cgroup-v2.rst) of our own control group, whose `file` then is what files are kept in. */
export function readMemory(root: string): HostMemory {
  const meminfo = readFileSync(`${root}/proc/meminfo`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * BYTES_PER_KIB;
  const [totalBytes, availableBytes] = [field('MemTotal'), field('MemAvailable')];
  const group = readControlGroup(root);
  if (group === null) return { totalBytes, availableBytes, freeBytes: field('MemFree'), cachedBytes: field('Cached') };
  const leftBytes = Math.max(0, group.limitBytes - group.usedBytes);
  return {
    totalBytes: Math.min(totalBytes, group.limitBytes),
    availableBytes: Math.min(availableBytes, leftBytes),
    freeBytes: Math.min(field('MemFree'), leftBytes),
    cachedBytes: group.cachedBytes,
  };
}

interface ControlGroup {
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly cachedBytes: number;
}

function readControlGroup(root: string): ControlGroup | null {
  const path = /^0::(\/.*)$/m.exec(readFileSync(`${root}/proc/self/cgroup`, 'utf8'))?.[1];
  if (path === undefined) return null;
  const directory = `${root}/sys/fs/cgroup${path === '/' ? '' : path}`;
  const read = (name: string): string | null =>
    existsSync(`${directory}/${name}`) ? readFileSync(`${directory}/${name}`, 'utf8').trim() : null;
  const limit = Number(read('memory.max'));
  const used = Number(read('memory.current'));
  // "max", or no such file: no limit here.
  if (!Number.isFinite(limit) || limit === 0) return null;
  const cached = Number(/^file (\d+)$/m.exec(read('memory.stat') ?? '')?.[1] ?? 0);
  return { limitBytes: limit, usedBytes: used, cachedBytes: cached };
}
