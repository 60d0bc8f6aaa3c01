import type { NetworkId, VmId } from '../domain/ids.ts';
import type { Egress, TrafficRule } from '../domain/network/traffic.ts';
import type { Abortable } from './guest-link.ts';

/** The wanted state of a network on this host. */
export interface PlannedNetwork {
  readonly id: NetworkId;
  readonly cidr: string;
  readonly egress: Egress;
}

/**
 * A VM on a network. VMs of one network and the same `party` may open any connection to each other that their rules
 * allow.
 */
export interface PlannedGuest {
  readonly vmId: VmId;
  readonly networkId: NetworkId;
  readonly address: number;
  readonly party: string;
  /** Cannot allow more than the network does. */
  readonly egress: Egress;
  /** Names of groups. */
  readonly groups: readonly string[];
}

export interface PlannedGroup {
  readonly name: string;
  readonly ingress: readonly TrafficRule[];
  /** Null: everything that egress allows. */
  readonly egress: readonly TrafficRule[] | null;
}

/** All networks of this installation on this host, with their VMs. */
export interface NetworkPlan {
  readonly networks: readonly PlannedNetwork[];
  readonly guests: readonly PlannedGuest[];
  readonly groups: readonly PlannedGroup[];
}

/** Where a machine is connected to its network, for a driver on this host. */
export interface NetworkPort {
  /** The network namespace that the machine's monitor runs in. */
  readonly namespacePath: string;
  /** Its interface there. */
  readonly tapName: string;
}

/** The networks of this host: what VMs on a bridge are joined to. */
export interface Networks {
  /**
   * Why this host cannot have networks, as a sentence that says what to do; null: it can. Does not change while the
   * server runs.
   */
  readonly whyNone: string | null;
  /**
   * Makes these the host's only networks, whatever there was before, also after a crash in the middle. Rules change
   * atomically, and apply to open connections too. Throws `unavailable` network.host_failed with the host's error in
   * `context`.
   */
  apply(plan: NetworkPlan, options: Abortable): Promise<void>;
  /** The port of a guest. It exists once a plan with that guest has been applied. */
  portOf(vmId: VmId): NetworkPort;
}
