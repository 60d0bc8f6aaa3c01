/** What this machine and this program do, as the kernel counts it. What it does not tell is null: nothing is made up. */
export interface HostReading {
  /** Time of all processors since the host booted, milliseconds, by what they did with it. */
  readonly cpuMs: Readonly<Record<CpuMode, number>> | null;
  /** `availableBytes`: what could be used without swapping; both within the limit of the control group that we are in. */
  readonly memory: {
    readonly sizeBytes: number;
    readonly availableBytes: number;
    /** That nothing is in, and that files are kept in. */
    readonly freeBytes: number;
    readonly cachedBytes: number;
  } | null;
  /** Of the file system that the data directory lies on. */
  readonly dataDisk: { readonly sizeBytes: number; readonly availableBytes: number } | null;
  /** Since the host booted, of the device that the data directory lies on. */
  readonly dataDevice: {
    readonly readBytes: number;
    readonly writtenBytes: number;
    /** Operations that were completed. */
    readonly reads: number;
    readonly writes: number;
  } | null;
  /** Since they came up, of the devices that join the host to others: physical ones, and those with a default route that are not stacked on such. */
  readonly networks: readonly {
    readonly device: string;
    readonly receivedBytes: number;
    readonly sentBytes: number;
    readonly receivedPackets: number;
    readonly sentPackets: number;
  }[];
}

export const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
export type CpuMode = (typeof CPU_MODES)[number];

/** Of this program. */
export interface ProcessReading {
  readonly cpuMs: { readonly user: number; readonly system: number };
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly openFileCount: number | null;
  readonly maxOpenFileCount: number | null;
  /** When it began, milliseconds since 1970. */
  readonly startedAt: number;
  /** How long its event loop had something to do since it began, milliseconds. */
  readonly loopActiveMs: number;
}

export interface HostMeter {
  readHost(): Promise<HostReading>;
  readProcess(): Promise<ProcessReading>;
}
