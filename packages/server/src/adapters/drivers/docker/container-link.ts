import type { GuestLink, GuestSize, GuestStats } from '../../../ports/guest-link.ts';
import { type ContainerUse, readUse } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { engineRefused } from './errors.ts';

const MIB = 1024 ** 2;
const TICK_MS = 10;

/** What a container has of its host, which its own `/proc` does not say. */
export interface ContainerSize {
  readonly id: string;
  readonly vcpuCount: number;
  readonly memoryMib: number;
  /** When it was last started, ISO 8601. */
  readonly startedAt: string;
}

/**
 * The agent's link, where what is asked about the machine is answered for the container: the agent would tell of the host. `sizeOf` says
 * what it has now.
 */
export function containerLink(
  link: GuestLink,
  { client, sizeOf }: { readonly client: EngineClient; readonly sizeOf: () => Promise<ContainerSize> },
): GuestLink {
  return {
    ...link,
    get info() {
      const { info } = link;
      return { ...info, capabilities: [...info.capabilities, 'grow'] };
    },
    async stats(options): Promise<GuestStats> {
      const host = await link.stats(options);
      const { id, memoryMib, startedAt } = await sizeOf();
      const use = await readUse(client, id, options);
      // The agent's own figures are the host's: nothing is better than these.
      if (use === null) throw engineRefused(200, 'it does not tell what a container uses');
      return {
        ...host,
        // The kernel that the agent asks is the host's, and was up before the container.
        uptimeMs: Math.max(0, Date.now() - Date.parse(startedAt)),
        cpuTicks: {
          ...{ used: ticksOf(use.cpuMs), idle: null, iowait: null, steal: null },
          user: use.cpuModesMs && ticksOf(use.cpuModesMs.user),
          system: use.cpuModesMs && ticksOf(use.cpuModesMs.system),
        },
        memoryBytes: memoryOf(memoryMib * MIB, use),
        // What the container writes lies on a file system of the host's.
        diskBytes: null,
        // The devices that the agent sees are the host's, with what everybody does with them. The network is the container's own.
        diskTransferBytes: use.diskTransferBytes,
        diskOperations: use.diskOperations,
      };
    },
    async grow(): Promise<GuestSize> {
      const { vcpuCount, memoryMib } = await sizeOf();
      return { cpuCount: vcpuCount, memoryBytes: memoryMib * MIB, rootBytes: null };
    },
  };
}

function ticksOf(ms: number): number {
  return Math.round(ms / TICK_MS);
}

/** What files are cached in can be had by programs. */
function memoryOf(total: number, { memoryBytes, cachedBytes: cached }: ContainerUse): GuestStats['memoryBytes'] {
  if (memoryBytes === null) return null;
  const free = Math.max(0, total - memoryBytes);
  return { total, free, available: Math.min(total, free + (cached ?? 0)), cached };
}
