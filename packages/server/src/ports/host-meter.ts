/**
 * Usage of this machine and this process, as the kernel counts it. Values that the kernel does not provide are null.
 */
export interface HostReading {
  /** Time of all processors since the host booted, milliseconds, by kind of use. */
  readonly cpuMs: Readonly<Record<CpuMode, number>> | null;
  /** `availableBytes`: usable without swapping; both within the limit of the server's control group. */
  readonly memory: {
    readonly sizeBytes: number;
    readonly availableBytes: number;
    /** Unused memory, and memory that caches files. */
    readonly freeBytes: number;
    readonly cachedBytes: number;
  } | null;
  /** The file system of the data directory. */
  readonly dataDisk: { readonly sizeBytes: number; readonly availableBytes: number } | null;
  /** The device of the data directory, since the host booted. */
  readonly dataDevice: {
    readonly readBytes: number;
    readonly writtenBytes: number;
    /** Completed operations. */
    readonly reads: number;
    readonly writes: number;
  } | null;
  /**
   * Devices that connect the host to others, since they came up: physical ones, and those with a default route that are
   * not stacked on these.
   */
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

/** Usage of this process. */
export interface ProcessReading {
  readonly cpuMs: { readonly user: number; readonly system: number };
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly openFileCount: number | null;
  readonly maxOpenFileCount: number | null;
  /** When it started, milliseconds since 1970. */
  readonly startedAt: number;
  /** How long its event loop has been busy since then, milliseconds. */
  readonly loopActiveMs: number;
}

export interface HostMeter {
  readHost(): Promise<HostReading>;
  readProcess(): Promise<ProcessReading>;
}
