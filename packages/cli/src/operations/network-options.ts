import type { TrafficRule, VmNetworkRequest } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { collectList } from '../parse-values.ts';

const MODES = ['user', 'none', 'bridge'] as const;
const POLICIES = ['allow', 'deny', 'allowlist'] as const;

/** How a VM is to be joined to the network. */
export interface NetworkOptions {
  readonly network?: string;
  readonly subnet?: string;
  readonly egress?: (typeof POLICIES)[number];
  readonly allow?: readonly TrafficRule[];
  readonly securityGroup?: readonly string[];
}

/** Adds the options that say so. */
export function addNetworkOptions(command: Command): Command {
  return addEgressOptions(
    command
      .option('--network <mode|name>', 'its network: user, none, bridge, or the name of a network (default user)')
      .option('--subnet <name>', 'the subnet for its address')
      .option('--security-group <name>', 'a security group for it; may be repeated', collectList),
  );
}

/** Adds the options about what may be reached outside. */
export function addEgressOptions(command: Command): Command {
  return command
    .option('--egress <policy>', 'what it may reach outside: allow (the internet), deny or allowlist', parsePolicy)
    .option(
      '--allow <rule>',
      'an entry of an allowlist, as [tcp:|udp:|icmp:]CIDR[:PORTS]; may be repeated',
      collectRules,
    );
}

/** In the wire's words; what was not given is left out. */
export function networkRequest(options: NetworkOptions): { readonly network?: VmNetworkRequest } {
  const { network: given, subnet, egress, allow, securityGroup } = options;
  const mode = MODES.find((one) => one === given);
  const network: VmNetworkRequest = {
    ...(mode === undefined ? {} : { mode }),
    ...(given === undefined || mode !== undefined ? {} : { name: given }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(egress === undefined ? {} : { egress }),
    ...(allow === undefined ? {} : { allow: [...allow] }),
    ...(securityGroup === undefined ? {} : { security_groups: [...securityGroup] }),
  };
  return Object.keys(network).length === 0 ? {} : { network };
}

/** `tcp:198.51.100.0/24:443`, `10.0.0.0/8`. */
export function parseRule(text: string): TrafficRule {
  const [, protocol, cidr, ports] = /^(?:(any|tcp|udp|icmp):)?([0-9.]+\/[0-9]+)(?::([0-9-]+))?$/.exec(text) ?? [];
  if (cidr === undefined)
    throw new InvalidArgumentError('A rule is [tcp:|udp:|icmp:]CIDR[:PORTS], as tcp:198.51.100.0/24:443.');
  return {
    cidr,
    ...(protocol === 'tcp' || protocol === 'udp' || protocol === 'icmp' ? { protocol } : {}),
    ...(ports === undefined ? {} : { ports }),
  };
}

/** For people: the same again. */
export function ruleText({ cidr, protocol = 'any', ports = null }: TrafficRule): string {
  return `${protocol === 'any' ? '' : `${protocol}:`}${cidr}${ports === null ? '' : `:${ports}`}`;
}

/** One more rule of an option that may be repeated. */
export function collectRules(text: string, before: readonly TrafficRule[] = []): readonly TrafficRule[] {
  return [...before, parseRule(text)];
}

function parsePolicy(text: string): (typeof POLICIES)[number] {
  const policy = POLICIES.find((one) => one === text);
  if (policy === undefined) throw new InvalidArgumentError(`It is one of ${POLICIES.join(', ')}.`);
  return policy;
}
