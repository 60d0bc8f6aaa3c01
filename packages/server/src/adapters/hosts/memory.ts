import { existsSync, readFileSync } from 'node:fs';

const BYTES_PER_KIB = 1024;

export interface HostMemory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** `MemTotal` and `MemAvailable` (proc(5)), limited by `memory.max` (Linux: cgroup-v2.rst) of our own control group. */
export function readMemory(root: string): HostMemory {
  const meminfo = readFileSync(`${root}/proc/meminfo`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
  const totalBytes = field('MemTotal') * BYTES_PER_KIB;
  const availableBytes = field('MemAvailable') * BYTES_PER_KIB;
  const group = readControlGroup(root);
  if (group === null) return { totalBytes, availableBytes };
  return {
    totalBytes: Math.min(totalBytes, group.limitBytes),
    availableBytes: Math.max(0, Math.min(availableBytes, group.limitBytes - group.usedBytes)),
  };
}

function readControlGroup(root: string): { readonly limitBytes: number; readonly usedBytes: number } | null {
  const path = /^0::(\/.*)$/m.exec(readFileSync(`${root}/proc/self/cgroup`, 'utf8'))?.[1];
  if (path === undefined) return null;
  const directory = `${root}/sys/fs/cgroup${path === '/' ? '' : path}`;
  const read = (name: string): string | null =>
    existsSync(`${directory}/${name}`) ? readFileSync(`${directory}/${name}`, 'utf8').trim() : null;
  const limit = Number(read('memory.max'));
  const used = Number(read('memory.current'));
  // "max", or no such file: no limit here.
  if (!Number.isFinite(limit) || limit === 0) return null;
  return { limitBytes: limit, usedBytes: used };
}
