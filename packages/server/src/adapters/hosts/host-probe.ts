import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { cpus, hostname, release } from 'node:os';
import { dirname } from 'node:path';
import type { HostFacts, HostProbe } from '../../ports/host-facts.ts';
import { readMemory } from './memory.ts';

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
        memoryMib: Math.floor(memory.totalBytes / BYTES_PER_MIB),
        memoryAvailableMib: Math.floor(memory.availableBytes / BYTES_PER_MIB),
        diskGib: (disk.blocks * disk.bsize) / BYTES_PER_GIB,
        diskAvailableGib: (disk.bavail * disk.bsize) / BYTES_PER_GIB,
        bootId: readFileSync(`${root}/proc/sys/kernel/random/boot_id`, 'utf8').trim(),
        kernelVersion: release(),
      };
    },
  };
}

/** The path, or what is there of it. */
export function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}
