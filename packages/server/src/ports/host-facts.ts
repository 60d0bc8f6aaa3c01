/** What the planner of capacity needs to know about this machine, measured now. */
export interface HostFacts {
  readonly hostname: string;
  readonly cpuCount: number;
  readonly memoryMib: number;
  /** What could be given to VMs without swapping (MemAvailable, and the cgroup's limit where there is one). */
  readonly memoryAvailableMib: number;
  readonly diskGib: number;
  readonly diskAvailableGib: number;
  readonly bootId: string;
  readonly kernelVersion: string;
}

export interface HostProbe {
  measure(): Promise<HostFacts>;
}
