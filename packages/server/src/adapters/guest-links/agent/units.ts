/** The protocol's units and letters, as ours. */
import type { FileChange, GuestFile, GuestStats } from '../../../ports/guest-link.ts';
import type { Entry } from './messages/directory.ts';
import type { StatsResult } from './messages/stats.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/** The part of a file's mode that is its permissions. */
export const PERMISSION_BITS = 0o7777;

const FILE_TYPES: Readonly<Record<string, GuestFile['type']>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  b: 'block',
  c: 'character',
  p: 'fifo',
  s: 'socket',
};

const CHANGES: readonly FileChange['kind'][] = [
  'created',
  'modified',
  'removed',
  'renamed_from',
  'renamed_to',
  'attributes',
  'overflow',
];

/** Whole milliseconds. A time before 1970 comes as a number near 2^64. */
export function millisecondsOf(ns: bigint): number {
  return Number(BigInt.asIntN(64, ns) / 1_000_000n);
}

/** Throws ProtocolViolation for a type that is none. */
export function fileOf({ name, type, mode, uid, gid, size, mtimeNs, linkTarget }: Entry): GuestFile {
  const known = FILE_TYPES[type];
  if (known === undefined) throw new ProtocolViolation('a file has an unknown type');
  return {
    name,
    type: known,
    mode: mode & PERMISSION_BITS,
    uid,
    gid,
    sizeBytes: size,
    modifiedAtMs: millisecondsOf(mtimeNs),
    linkTarget: known === 'symlink' ? linkTarget : null,
  };
}

/** Throws ProtocolViolation for a number that is none. */
export function changeOf(what: number): FileChange['kind'] {
  const kind = CHANGES[what - 1];
  if (kind === undefined) throw new ProtocolViolation('a change is of an unknown kind');
  return kind;
}

export function statsOf(stats: StatsResult): GuestStats {
  const { counts } = stats;
  return {
    uptimeMs: millisecondsOf(stats.uptimeNs),
    cpuTicks: {
      used: stats.cpuUser + stats.cpuSystem,
      user: stats.cpuUser,
      system: stats.cpuSystem,
      idle: stats.cpuIdle,
      iowait: stats.cpuIowait,
      steal: stats.cpuSteal,
    },
    memoryBytes: {
      total: stats.memoryTotal,
      free: stats.memoryFree,
      available: stats.memoryAvailable,
      cached: stats.memoryCached,
    },
    diskBytes: { total: stats.diskTotal, free: stats.diskFree },
    diskTransferBytes: { read: stats.diskRead, written: stats.diskWritten },
    diskOperations: counts && { reads: counts.diskReads, writes: counts.diskWrites },
    networkBytes: { received: stats.netReceived, sent: stats.netSent },
    networkPackets: counts && { received: counts.packetsReceived, sent: counts.packetsSent },
    processCount: stats.processes,
    loadAverage: [stats.load1 / 100, stats.load5 / 100, stats.load15 / 100],
  };
}
