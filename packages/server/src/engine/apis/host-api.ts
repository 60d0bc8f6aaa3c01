import type { Accelerator, Host } from '../../domain/host/host.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { DriverCapabilities } from '../../ports/driver.ts';

export interface HostApi {
  list(principal: Principal): Promise<readonly HostStatus[]>;
  /** Throws `not_found` host.unknown. */
  get(principal: Principal, ref: string): Promise<HostStatus>;
}

export interface HostStatus {
  readonly host: Host;
  readonly vmCount: number;
  readonly promisedMemoryMib: number;
  readonly promisedDiskGib: number;
}

/** What one driver of this host can do, and whether it can be used now. */
export interface DriverStatus extends DriverCapabilities {
  readonly kind: string;
  /** Empty where it cannot be used. */
  readonly version: string;
  /** What runs the instructions of its guests. */
  readonly accelerator: Accelerator['kind'];
  /** Why no VM can be started by it now, for people; null where VMs can. */
  readonly whyNot: string | null;
}

export interface Capabilities {
  readonly version: string;
  readonly driver: string;
  /** All of this host's; what stands beside it is said of the first. */
  readonly drivers: readonly DriverStatus[];
  readonly supportsPause: boolean;
  readonly supportsConsole: boolean;
  readonly supportsSnapshots: boolean;
  readonly supportsLiveResize: boolean;
  readonly networkModes: readonly string[];
  /** Why no VM can be joined to a network here, for people; null: VMs can. */
  readonly whyNoBridges: string | null;
  /** Why no VM can go to another host, for people; null: they can. */
  readonly whyNoMigration: string | null;
  readonly images: readonly string[];
  /** What is not as it was configured, a sentence each. */
  readonly degraded: readonly string[];
}
