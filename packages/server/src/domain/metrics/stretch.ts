import type { HostId, VmId } from '../ids.ts';

/**
 * What grows while a VM runs, as what was added in some time. `cpu…Ms`: processor time, milliseconds; in a reading
 * over all processors, in a stretch divided by their number.
 */
export const COUNTERS = [
  'cpuUserMs',
  'cpuSystemMs',
  'cpuIowaitMs',
  'cpuStealMs',
  'diskReadBytes',
  'diskWrittenBytes',
  'diskReads',
  'diskWrites',
  'networkReceivedBytes',
  'networkSentBytes',
  'packetsReceived',
  'packetsSent',
] as const;
/**
 * What has one value at each moment, as its mean over some time. `diskUsedBytes`: of the root's file system.
 * `memoryUsedBytes`: what programs could not have, as the guest knows; `memoryHeldBytes`: what the VMM has of its host's
 * memory, as the host knows, whatever the guest would do with it.
 */
const LEVELS = [
  'memoryTotalBytes',
  'memoryUsedBytes',
  'memoryHeldBytes',
  'memoryFreeBytes',
  'memoryCachedBytes',
  'diskTotalBytes',
  'diskUsedBytes',
  'processCount',
] as const;
export const FIGURES = [...COUNTERS, ...LEVELS] as const;

export type FigureName = (typeof FIGURES)[number];
/** Each by itself may be null: nobody tells it. */
export type Figures = Readonly<Record<FigureName, number | null>>;

/**
 * Who tells: the VM (or host) itself, by its own kernel or by the engine of its container; or its monitor, where no
 * agent does. What the two count began at different times and is not compared.
 */
export type Teller = 'itself' | 'monitor';

/** What was read of a VM at one moment. */
export interface Reading {
  /** By a clock that nobody sets, milliseconds. */
  readonly atMs: number;
  readonly teller: Teller;
  /** For how long it has been counted: since the guest's boot, or the start of its monitor. */
  readonly uptimeMs: number;
  /** Virtual processors that its machine has. */
  readonly vcpuCount: number;
  /** Processor time that was used in that time, over all processors. */
  readonly cpuUsedMs: number;
  /** Counters since then, levels as they are. */
  readonly figures: Figures;
}

/** What is measured: a VM, or the machine that VMs run on. */
export type MetricSubject = VmId | HostId;

/** What a VM or a host did in some time without a gap, as one teller has it. */
export interface Stretch {
  readonly subject: MetricSubject;
  /** Its end, milliseconds since 1970. */
  readonly endMs: number;
  readonly lengthMs: number;
  /** Divided by the number of its processors then, so that a later resize does not change it. */
  readonly cpuUsedMs: number;
  /** What was added to counters, and means of levels. */
  readonly figures: Figures;
}

/**
 * By how much the time that passed for a guest may differ from that of its host, milliseconds: some answers take longer
 * than others, and a snapshot halts the guest for a moment.
 */
const MAX_DRIFT_MS = 2_000;

/**
 * What lies between two readings; null where they are not of one teller and one life of the VM, or further apart than
 * `gapMs`: what happened in between was not seen, and is not made up. It is as long as the uptime says: an answer may
 * come long after the guest has counted, and while it is halted it counts nothing.
 */
export function between(before: Reading, after: Reading, gapMs: number): Omit<Stretch, 'subject' | 'endMs'> | null {
  const { vcpuCount, teller } = after;
  const passedMs = after.atMs - before.atMs;
  const lengthMs = after.uptimeMs - before.uptimeMs;
  const cpuUsedMs = (after.cpuUsedMs - before.cpuUsedMs) / vcpuCount;
  if (before.teller !== teller || before.vcpuCount !== vcpuCount || cpuUsedMs < 0) return null;
  if (passedMs <= 0 || passedMs > gapMs || lengthMs <= 0 || Math.abs(passedMs - lengthMs) > MAX_DRIFT_MS) return null;
  const figures = mapFigures((name) => figureBetween(name, before, after));
  // A device that was taken away has taken its counters with it.
  return COUNTERS.some((name) => (figures[name] ?? 0) < 0) ? null : { lengthMs, cpuUsedMs, figures };
}

function figureBetween(name: FigureName, { figures: before }: Reading, { figures, vcpuCount }: Reading): number | null {
  const [first, last] = [before[name], figures[name]];
  if (first === null || last === null) return null;
  if (isLevel(name)) return (first + last) / 2;
  return (last - first) / (name.startsWith('cpu') ? vcpuCount : 1);
}

export function isLevel(name: FigureName): boolean {
  return LEVELS.some((level) => level === name);
}

/**
 * A reading with no less time of waiting for disks than the one before it, as long as they are of one boot: a kernel
 * may count some of it as idle later. "The value in this field will decrease in certain conditions":
 * https://man7.org/linux/man-pages/man5/proc_stat.5.html
 */
export function withoutReturned(before: Reading, after: Reading): Reading {
  const [first, last] = [before.figures.cpuIowaitMs, after.figures.cpuIowaitMs];
  const isOneBoot = after.uptimeMs >= before.uptimeMs && after.cpuUsedMs >= before.cpuUsedMs;
  if (before.teller !== after.teller || !isOneBoot || first === null || last === null) return after;
  return { ...after, figures: { ...after.figures, cpuIowaitMs: Math.max(first, last) } };
}

/** One of each. */
export function mapFigures<T>(figure: (name: FigureName) => T): Readonly<Record<FigureName, T>> {
  return {
    cpuUserMs: figure('cpuUserMs'),
    cpuSystemMs: figure('cpuSystemMs'),
    cpuIowaitMs: figure('cpuIowaitMs'),
    cpuStealMs: figure('cpuStealMs'),
    diskReadBytes: figure('diskReadBytes'),
    diskWrittenBytes: figure('diskWrittenBytes'),
    diskReads: figure('diskReads'),
    diskWrites: figure('diskWrites'),
    networkReceivedBytes: figure('networkReceivedBytes'),
    networkSentBytes: figure('networkSentBytes'),
    packetsReceived: figure('packetsReceived'),
    packetsSent: figure('packetsSent'),
    memoryTotalBytes: figure('memoryTotalBytes'),
    memoryUsedBytes: figure('memoryUsedBytes'),
    memoryHeldBytes: figure('memoryHeldBytes'),
    memoryFreeBytes: figure('memoryFreeBytes'),
    memoryCachedBytes: figure('memoryCachedBytes'),
    diskTotalBytes: figure('diskTotalBytes'),
    diskUsedBytes: figure('diskUsedBytes'),
    processCount: figure('processCount'),
  };
}

/** These, and nothing else is told. */
export function figuresWith(known: Partial<Figures>): Figures {
  return mapFigures((name) => known[name] ?? null);
}
