import { figuresWith, type Reading } from '../../domain/metrics/stretch.ts';
import type { MachineFigures } from '../../ports/driver.ts';
import type { GuestStats } from '../../ports/guest-link.ts';

/** A tick of a processor in what guests tell, milliseconds. */
const TICK_MS = 10;
const MIB = 1024 ** 2;

/** What a guest tells of itself. */
export function readingOfGuest(stats: GuestStats, at: Pick<Reading, 'atMs' | 'vcpuCount'>): Reading {
  const { cpuTicks, memoryBytes: memory, diskBytes: disk } = stats;
  const inMs = (ticks: number | null): number | null => ticks && ticks * TICK_MS;
  return {
    ...{ ...at, teller: 'itself', uptimeMs: stats.uptimeMs, cpuUsedMs: cpuTicks.used * TICK_MS },
    figures: figuresWith({
      ...{ cpuUserMs: inMs(cpuTicks.user), cpuSystemMs: inMs(cpuTicks.system) },
      ...{ cpuIowaitMs: inMs(cpuTicks.iowait), cpuStealMs: inMs(cpuTicks.steal) },
      ...devicesOf(stats),
      memoryTotalBytes: memory?.total ?? null,
      memoryUsedBytes: memory && Math.max(0, memory.total - memory.available),
      ...{ memoryFreeBytes: memory?.free ?? null, memoryCachedBytes: memory?.cached ?? null },
      ...{ diskTotalBytes: disk?.total ?? null, diskUsedBytes: disk && Math.max(0, disk.total - disk.free) },
      processCount: stats.processCount,
    }),
  };
}

/** What is known of a machine from outside. Of its memory that is how much it has and what its monitor holds of it; not what its guest uses. */
export function readingOfMachine(
  told: MachineFigures,
  { memoryMib, ...at }: Pick<Reading, 'atMs' | 'vcpuCount'> & { readonly memoryMib: number },
): Reading {
  return {
    ...{ ...at, teller: 'monitor', uptimeMs: told.uptimeMs, cpuUsedMs: told.cpuMs },
    figures: figuresWith({ ...devicesOf(told), memoryTotalBytes: memoryMib * MIB, memoryHeldBytes: told.heldBytes }),
  };
}

function devicesOf(told: Pick<MachineFigures, keyof GuestStats & keyof MachineFigures>) {
  const { diskTransferBytes: transfer, diskOperations: operations, networkBytes, networkPackets } = told;
  return {
    ...{ diskReadBytes: transfer?.read ?? null, diskWrittenBytes: transfer?.written ?? null },
    ...{ diskReads: operations?.reads ?? null, diskWrites: operations?.writes ?? null },
    ...{ networkReceivedBytes: networkBytes?.received ?? null, networkSentBytes: networkBytes?.sent ?? null },
    ...{ packetsReceived: networkPackets?.received ?? null, packetsSent: networkPackets?.sent ?? null },
  };
}
