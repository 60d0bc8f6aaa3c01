import type { EgressPolicy, TrafficRule } from './traffic.ts';
import type { NetworkMode, VmNetwork } from './vm-network.ts';

/** A VM's network in the words of the API. */
export interface NetworkWords {
  readonly mode: NetworkMode;
  readonly egress: EgressPolicy;
  readonly name?: string;
  readonly subnet?: string | null;
  readonly allow?: RuleWords[];
  readonly security_groups?: string[];
}

/** A rule likewise. */
export interface RuleWords {
  readonly cidr: string;
  readonly protocol: TrafficRule['protocol'];
  readonly ports: string | null;
  readonly [field: string]: string | null;
}

export function networkWords(network: VmNetwork): NetworkWords {
  if (network.mode !== 'bridge') return { mode: network.mode, egress: network.egress };
  const { mode, egress, name, subnet, allow, securityGroups } = network;
  return { mode, egress, name, subnet, allow: allow.map(ruleWords), security_groups: [...securityGroups] };
}

export function ruleWords({ cidr, protocol, ports }: TrafficRule): RuleWords {
  return { cidr, protocol, ports };
}
