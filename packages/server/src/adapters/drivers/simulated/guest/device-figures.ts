import type { GuestStats } from '../../../../ports/guest-link.ts';
import type { SimulatedGuest } from './simulated-guest.ts';

const TICK_MS = 10;
const BLOCK_BYTES = 4_096;
const PACKET_BYTES = 1_500;

/** What the disks and the network of a guest have done: with each tick that it computes it reads a block, writes one, and exchanges a packet for another. */
export function deviceFiguresOf(
  cpuUsedMs: number,
  { isOffline }: Pick<SimulatedGuest, 'isOffline'>,
): Pick<GuestStats, 'diskTransferBytes' | 'diskOperations' | 'networkBytes' | 'networkPackets'> {
  const ticks = Math.floor(cpuUsedMs / TICK_MS);
  const packets = isOffline ? 0 : ticks;
  return {
    diskTransferBytes: { read: ticks * BLOCK_BYTES, written: ticks * BLOCK_BYTES },
    diskOperations: { reads: ticks, writes: ticks },
    networkBytes: { received: packets * PACKET_BYTES, sent: packets * PACKET_BYTES },
    networkPackets: { received: packets, sent: packets },
  };
}
