import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { cpus, hostname, release } from 'node:os';
import { dirname } from 'node:path';
import type { HostFacts, HostProbe } from '../../ports/host-facts.ts';

const KIB_PER_MIB = 1024;
const BYTES_PER_MIB = 1024 ** 2;
const BYTES_PER_GIB = 1024 ** 3;

export interface HostProbeDeps {
  /** Where VMs' disks lie: its file system is the one that is measured. Need not be there yet. */
  readonly dataDir: string;
  /** The root of `/proc` and `/sys`, for tests. */
  readonly root?: string;
}

/** Measures this Linux machine, or the container that we are in: the smaller of what the kernel and the control group allow. */
export function createHostProbe({ dataDir, root = '' }: HostProbeDeps): HostProbe {
  return {
    async measure(): Promise<HostFacts> {
      const memory = readMemory(root);
      const disk = statfsSync(nearestExisting(dataDir));
      return {
        hostname: hostname(),
        cpuCount: cpus().length,
        memoryMib: Math.floor(memory.totalMib),
        memoryAvailableMib: Math.floor(memory.availableMib),
        diskGib: (disk.blocks * disk.bsize) / BYTES_PER_GIB,
        diskAvailableGib: (disk.bavail * disk.bsize) / BYTES_PER_GIB,
        bootId: readFileSync(`${root}/proc/sys/kernel/random/boot_id`, 'utf8').trim(),
        kernelVersion: release(),
      };
    },
  };
}

/** `MemTotal` and `MemAvailable` (proc(5)), limited by `memory.max` (Linux: cgroup-v2.rst) of our own control group. */
function readMemory(root: string): { readonly totalMib: number; readonly availableMib: number } {
  const meminfo = readFileSync(`${root}/proc/meminfo`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
  const totalMib = field('MemTotal') / KIB_PER_MIB;
  const availableMib = field('MemAvailable') / KIB_PER_MIB;
  const group = readControlGroup(root);
  if (group === null) return { totalMib, availableMib };
  return {
    totalMib: Math.min(totalMib, group.limitMib),
    availableMib: Math.max(0, Math.min(availableMib, group.limitMib - group.usedMib)),
  };
}

function readControlGroup(root: string): { readonly limitMib: number; readonly usedMib: number } | null {
  const path = /^0::(\/.*)$/m.exec(readFileSync(`${root}/proc/self/cgroup`, 'utf8'))?.[1];
  if (path === undefined) return null;
  const directory = `${root}/sys/fs/cgroup${path === '/' ? '' : path}`;
  const read = (name: string): string | null =>
    existsSync(`${directory}/${name}`) ? readFileSync(`${directory}/${name}`, 'utf8').trim() : null;
  const limit = Number(read('memory.max'));
  const used = Number(read('memory.current'));
  // "max", or no such file: no limit here.
  if (!Number.isFinite(limit) || limit === 0) return null;
  return { limitMib: limit / BYTES_PER_MIB, usedMib: used / BYTES_PER_MIB };
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}
