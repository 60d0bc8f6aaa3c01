import type { GuestLink, GuestSize, GuestStats } from '../../../ports/guest-link.ts';
import { readUse } from './engine/containers.ts';
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
      const cpu = use.cpuModesMs ?? { user: use.cpuMs, system: 0 };
      const total = memoryMib * MIB;
      const free = Math.max(0, total - use.memoryBytes);
      const available = Math.min(total, free + use.cachedBytes);
      return {
        ...host,
        // The kernel that the agent asks is the host's, and was up before the container.
        uptimeMs: Math.max(0, Date.now() - Date.parse(startedAt)),
        cpuTicks: {
          ...{ user: Math.round(cpu.user / TICK_MS), system: Math.round(cpu.system / TICK_MS) },
          ...{ idle: host.cpuTicks.idle, iowait: 0, steal: 0 },
        },
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
