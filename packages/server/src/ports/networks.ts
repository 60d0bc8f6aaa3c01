import type { NetworkId, VmId } from '../domain/ids.ts';
import type { Egress, TrafficRule } from '../domain/network/traffic.ts';
import type { Abortable } from './guest-link.ts';

/** A network as it is to be on this host. */
export interface PlannedNetwork {
  readonly id: NetworkId;
  readonly cidr: string;
  readonly egress: Egress;
}

/** A VM as it is to be joined to one; `party`: those of one network and one party may begin anything with each other, within their rules. */
export interface PlannedGuest {
  readonly vmId: VmId;
  readonly networkId: NetworkId;
  readonly address: number;
  readonly party: string;
  /** Within what its network allows. */
  readonly egress: Egress;
  /** Names of groups. */
  readonly groups: readonly string[];
}

export interface PlannedGroup {
  readonly name: string;
  readonly ingress: readonly TrafficRule[];
  /** Null: all that egress allows. */
  readonly egress: readonly TrafficRule[] | null;
}

/** All networks of this installation on this host, with who is on them. */
export interface NetworkPlan {
  readonly networks: readonly PlannedNetwork[];
  readonly guests: readonly PlannedGuest[];
  readonly groups: readonly PlannedGroup[];
}

/** Where a machine is joined to its network: for a driver on this host. */
export interface NetworkPort {
  /** The network namespace that the machine's monitor runs in. */
  readonly namespacePath: string;
  /** Its interface there. */
  readonly tapName: string;
}

/** The networks of this host: what VMs on a bridge are joined to. */
export interface Networks {
  /** Why this host has none, as a sentence that says what to do; null: it has. It does not change while the server runs. */
  readonly whyNone: string | null;
  /**
   * Has the host's networks be these and no others, whatever they were, also after a crash in the middle. Rules change at once, all together,
   * and hold for connections that are open. Throws `unavailable` network.host_failed with the host's words in `context`.
   */
  apply(plan: NetworkPlan, options: Abortable): Promise<void>;
  /** The port of a guest, which is there once a plan with it was applied. */
  portOf(vmId: VmId): NetworkPort;
}
