import type { HostId, VmId } from '../ids.ts';

/**
 * What grows while a VM runs, as what was added in some time. `cpu…Ms`: processor time, milliseconds; in a reading
 * over all processors, in a stretch divided by their number.
 */
export const GUEST_SUMS = [
  'cpuUserMs',
  'cpuSystemMs',
  'cpuIowaitMs',
  'cpuStealMs',
  'networkReceivedBytes',
  'networkSentBytes',
] as const;
/** What grows as well, but which not everybody who tells of a VM counts. */
export const GUEST_COUNTS = [
  'diskReadBytes',
  'diskWrittenBytes',
  'diskReads',
  'diskWrites',
  'packetsReceived',
  'packetsSent',
] as const;
/** What has one value at each moment, as its mean over some time. `diskUsedBytes`: of the root's file system. */
export const GUEST_LEVELS = [
  'memoryTotalBytes',
  'memoryUsedBytes',
  'memoryFreeBytes',
  'memoryCachedBytes',
  'diskTotalBytes',
  'diskUsedBytes',
  'processCount',
] as const;

export type GuestSums = Readonly<Record<(typeof GUEST_SUMS)[number], number>>;
/** Null: nobody counts them. */
export type GuestCounts = Readonly<Record<(typeof GUEST_COUNTS)[number], number | null>>;
export type GuestLevels = Readonly<Record<(typeof GUEST_LEVELS)[number], number>>;

/** What a guest tells of itself: sums since it booted, levels as they are. */
export interface GuestReading {
  readonly uptimeMs: number;
  readonly sums: GuestSums;
  readonly counts: GuestCounts;
  readonly levels: GuestLevels;
}

/** What was read of a VM at one moment. */
export interface Reading {
  /** By a clock that nobody sets, milliseconds. */
  readonly atMs: number;
  /** Virtual processors that its machine has. */
  readonly vcpuCount: number;
  /**
   * Processor time that is used, over all processors, since some beginning: by its guest, or by its VMM where no guest
   * tells.
   */
  readonly cpuUsedMs: number;
  /** Null: there is no agent that tells. */
  readonly guest: GuestReading | null;
}

/** What is measured: a VM, or the machine that VMs run on, as a guest whose kernel tells of it. */
export type MetricSubject = VmId | HostId;

/** What a VM or a host did in some time without a gap. */
export interface Stretch {
  readonly subject: MetricSubject;
  /** Its end, milliseconds since 1970. */
  readonly endMs: number;
  readonly lengthMs: number;
  /** Divided by the number of its processors then, so that a later resize does not change it. */
  readonly cpuUsedMs: number;
  readonly guest: Omit<GuestReading, 'uptimeMs'> | null;
}

/**
 * By how much the time that passed for a guest may differ from that of its host, milliseconds: some answers take longer
 * than others, and a snapshot halts the guest for a moment.
 */
const MAX_DRIFT_MS = 2_000;

/**
 * What lies between two readings; null where they are not of one life of the VM, or further apart than `gapMs`: what
 * happened in between was not seen, and is not made up. Of a guest it is as long as its own uptime says: an answer may
 * come long after the guest has counted, and while it is halted it counts nothing.
 */
export function between(before: Reading, after: Reading, gapMs: number): Omit<Stretch, 'subject' | 'endMs'> | null {
  const { vcpuCount } = after;
  const passedMs = after.atMs - before.atMs;
  const cpuUsedMs = (after.cpuUsedMs - before.cpuUsedMs) / vcpuCount;
  if (passedMs <= 0 || passedMs > gapMs || cpuUsedMs < 0 || before.vcpuCount !== vcpuCount) return null;
  if (before.guest === null && after.guest === null) return { lengthMs: passedMs, cpuUsedMs, guest: null };
  if (before.guest === null || after.guest === null) return null;
  const lengthMs = after.guest.uptimeMs - before.guest.uptimeMs;
  if (lengthMs <= 0 || Math.abs(passedMs - lengthMs) > MAX_DRIFT_MS) return null;
  const guest = guestBetween(before.guest, after.guest, vcpuCount);
  return guest === null ? null : { lengthMs, cpuUsedMs, guest };
}

/** Null where a counter has begun anew. */
function guestBetween(before: GuestReading, after: GuestReading, vcpuCount: number): Stretch['guest'] {
  const sums = mapSums((name) => (after.sums[name] - before.sums[name]) / (isCpu(name) ? vcpuCount : 1));
  // A device that was taken away has taken its counters with it.
  if (GUEST_SUMS.some((name) => sums[name] < 0)) return null;
  const counts = mapCounts((name) => added(before.counts[name], after.counts[name]));
  if (GUEST_COUNTS.some((name) => (counts[name] ?? 0) < 0)) return null;
  return { sums, counts, levels: mapLevels((name) => (after.levels[name] + before.levels[name]) / 2) };
}

function isCpu(name: keyof GuestSums): boolean {
  return name !== 'networkReceivedBytes' && name !== 'networkSentBytes';
}

/**
 * A reading with no less time of waiting for disks than the one before it, as long as they are of one boot: a kernel
 * may count some of it as idle later. "The value in this field will decrease in certain conditions":
 * https://man7.org/linux/man-pages/man5/proc_stat.5.html
 */
export function withoutReturned(before: Reading, after: Reading): Reading {
  if (before.guest === null || after.guest === null) return after;
  const isOneBoot = after.guest.uptimeMs >= before.guest.uptimeMs && after.cpuUsedMs >= before.cpuUsedMs;
  const cpuIowaitMs = Math.max(before.guest.sums.cpuIowaitMs, after.guest.sums.cpuIowaitMs);
  return isOneBoot ? { ...after, guest: { ...after.guest, sums: { ...after.guest.sums, cpuIowaitMs } } } : after;
}

function added(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}

/** One figure for each sum. */
export function mapSums(figure: (name: keyof GuestSums) => number): GuestSums {
  return {
    cpuUserMs: figure('cpuUserMs'),
    cpuSystemMs: figure('cpuSystemMs'),
    cpuIowaitMs: figure('cpuIowaitMs'),
    cpuStealMs: figure('cpuStealMs'),
    networkReceivedBytes: figure('networkReceivedBytes'),
    networkSentBytes: figure('networkSentBytes'),
  };
}

/** One figure for each count. */
export function mapCounts<T>(
  figure: (name: keyof GuestCounts) => T,
): Readonly<Record<(typeof GUEST_COUNTS)[number], T>> {
  return {
    diskReadBytes: figure('diskReadBytes'),
    diskWrittenBytes: figure('diskWrittenBytes'),
    diskReads: figure('diskReads'),
    diskWrites: figure('diskWrites'),
    packetsReceived: figure('packetsReceived'),
    packetsSent: figure('packetsSent'),
  };
}

/** One figure for each level. */
export function mapLevels(figure: (name: keyof GuestLevels) => number): GuestLevels {
  return {
    memoryTotalBytes: figure('memoryTotalBytes'),
    memoryUsedBytes: figure('memoryUsedBytes'),
    memoryFreeBytes: figure('memoryFreeBytes'),
    memoryCachedBytes: figure('memoryCachedBytes'),
    diskTotalBytes: figure('diskTotalBytes'),
    diskUsedBytes: figure('diskUsedBytes'),
    processCount: figure('processCount'),
  };
}
