import type { GuestLink, GuestSize, GuestStats } from '../../../ports/guest-link.ts';
import { readUse } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';

const MIB = 1024 ** 2;
const TICK_MS = 10;

/** What a container has of its host, which its own `/proc` does not say. */
export interface ContainerSize {
  readonly id: string;
  readonly vcpuCount: number;
  readonly memoryMib: number;
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
      const { id, memoryMib } = await sizeOf();
      const use = await readUse(client, id, options);
      if (use === null) return host;
      const total = memoryMib * MIB;
      const free = Math.max(0, total - use.memoryBytes);
      const available = Math.min(total, free + use.cachedBytes);
      return {
        ...host,
        // The engine does not say which of it was the kernel's.
        cpuTicks: { user: Math.round(use.cpuMs / TICK_MS), system: 0, idle: host.cpuTicks.idle, iowait: 0, steal: 0 },
        memoryBytes: { total, free, available, cached: use.cachedBytes },
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
