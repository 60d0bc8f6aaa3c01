import { VolaryError } from '../errors.ts';
import { SECURITY_GROUP_LIMITS } from './security-group.ts';
import { checkEgress, type EgressPolicy, type TrafficRule } from './traffic.ts';

/**
 * How a VM is joined to the network.
 *
 * user     unprivileged; reaches nothing, and is reached from the host only through its agent
 * none     no interface
 * bridge   an address of its own on a network of this host
 */
export const NETWORK_MODES = ['user', 'none', 'bridge'] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

/** What was asked of a VM's network. */
export type VmNetwork = ClosedNetwork | BridgedNetwork;

export interface ClosedNetwork {
  readonly mode: 'user' | 'none';
  readonly egress: 'deny';
}

export interface BridgedNetwork {
  readonly mode: 'bridge';
  /** Of the network. */
  readonly name: string;
  /** The part of it that its address comes from; null: any. */
  readonly subnet: string | null;
  /** What it may reach, within what its network allows. */
  readonly egress: EgressPolicy;
  /** Of `allowlist`; else empty. */
  readonly allow: readonly TrafficRule[];
  /** By name; with none, whoever shares its network and its owner may begin anything with it. */
  readonly securityGroups: readonly string[];
}

/** What can be said of it, where the rest is as it usually is, or as it was. */
export interface AskedNetwork {
  readonly mode?: NetworkMode;
  readonly name?: string;
  readonly subnet?: string | null;
  readonly egress?: EgressPolicy;
  readonly allow?: readonly TrafficRule[];
  readonly securityGroups?: readonly string[];
}

/** Without a word about its mode, whoever names a network is joined to it. */
export function networkOf(asked: AskedNetwork, before: VmNetwork = { mode: 'user', egress: 'deny' }): VmNetwork {
  const namesOne = asked.name !== undefined || asked.subnet != null;
  const mode = asked.mode ?? (namesOne ? 'bridge' : before.mode);
  if (mode !== 'bridge') return closed(mode, asked);
  const kept = before.mode === 'bridge' ? before : null;
  const egress = asked.egress ?? (asked.allow === undefined ? (kept?.egress ?? 'allow') : 'allowlist');
  return {
    mode,
    name: asked.name ?? kept?.name ?? 'default',
    subnet: asked.subnet === undefined ? (kept?.subnet ?? null) : asked.subnet,
    egress,
    allow: asked.allow ?? (egress === 'allowlist' ? (kept?.allow ?? []) : []),
    securityGroups: asked.securityGroups ?? kept?.securityGroups ?? [],
  };
}

function closed(
  mode: ClosedNetwork['mode'],
  { name, subnet, egress = 'deny', allow, securityGroups }: AskedNetwork,
): ClosedNetwork {
  const others = { name, subnet: subnet ?? undefined, allow: allow?.[0], security_groups: securityGroups?.[0] };
  const field =
    Object.entries(others).find(([, value]) => value !== undefined)?.[0] ?? (egress === 'deny' ? null : 'egress');
  if (field === null) return { mode, egress: 'deny' };
  throw new VolaryError(
    'invalid_argument',
    `In the network mode ${mode} a VM reaches nothing and nobody: ${field} needs the mode bridge.`,
    {
      reason: 'vm.network_needs_bridge',
      details: { field: `network.${field}` },
    },
  );
}

/** Throws `invalid_argument` network.invalid_rule, network.never_reached. */
export function checkVmNetwork(network: VmNetwork): void {
  if (network.mode !== 'bridge') return;
  const { egress, allow, securityGroups } = network;
  checkEgress('network', { policy: egress, allow });
  const { ofVm } = SECURITY_GROUP_LIMITS;
  if (securityGroups.length <= ofVm && new Set(securityGroups).size === securityGroups.length) return;
  throw new VolaryError('invalid_argument', `A VM may be under ${ofVm} security groups, each once.`, {
    reason: 'network.invalid_rule',
    details: { field: 'network.security_groups', maximum: ofVm },
  });
}
