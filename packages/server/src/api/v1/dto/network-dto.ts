import type {
  Network as NetworkDto,
  SecurityGroup as SecurityGroupDto,
  TrafficRule as TrafficRuleDto,
  VmNetworkRequest,
} from '@volary/contract';
import { bridgeOf } from '../../../domain/network/bridge.ts';
import { formatAddress } from '../../../domain/network/cidr.ts';
import { cidrOf } from '../../../domain/network/network.ts';
import { gatewayOf } from '../../../domain/network/pool.ts';
import type { SecurityGroup } from '../../../domain/network/security-group.ts';
import type { Egress, TrafficRule } from '../../../domain/network/traffic.ts';
import type { AskedNetwork } from '../../../domain/network/vm-network.ts';
import { ruleWords } from '../../../domain/network/words.ts';
import type { NetworkUse, SecurityGroupSettings } from '../../../engine/apis/network-api.ts';
import { toIso } from './to-iso.ts';

/** A network as `/v1` shows it. */
export function toNetworkDto({ network, total, used }: NetworkUse): NetworkDto {
  return {
    id: network.id,
    name: network.name,
    owner: network.owner,
    labels: network.labels,
    cidr: network.cidr,
    gateway: formatAddress(gatewayOf(cidrOf(network))),
    subnets: network.subnets.map(({ name, cidr }) => ({ name, cidr })),
    egress: network.egress.policy,
    allow: network.egress.allow.map(ruleWords),
    dns: network.dns,
    addresses: { total, used },
    bridge_name: bridgeOf(network.id),
    created_at: toIso(network.createdAt),
    updated_at: toIso(network.updatedAt),
  };
}

/** A security group as `/v1` shows it. */
export function toSecurityGroupDto(group: SecurityGroup): SecurityGroupDto {
  return {
    id: group.id,
    name: group.name,
    owner: group.owner,
    description: group.description,
    labels: group.labels,
    ingress: group.ingress.map(ruleWords),
    egress: group.egress?.map(ruleWords) ?? null,
    created_at: toIso(group.createdAt),
    updated_at: toIso(group.updatedAt),
  };
}

/** What is asked for of what a network lets out; what is absent is left out. */
export function toEgress({
  egress,
  allow,
}: {
  readonly egress?: Egress['policy'];
  readonly allow?: readonly TrafficRuleDto[];
}): Partial<Egress> {
  return {
    ...(egress === undefined ? {} : { policy: egress }),
    ...(allow === undefined ? {} : { allow: allow.map(toRule) }),
  };
}

/** What is asked for of a security group; what is absent is left out. */
export function toGroupSettings({
  description,
  labels,
  ingress,
  egress,
}: {
  readonly labels?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly ingress?: readonly TrafficRuleDto[];
  readonly egress?: readonly TrafficRuleDto[] | null;
}): Partial<SecurityGroupSettings> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels }),
    ...(ingress === undefined ? {} : { ingress: ingress.map(toRule) }),
    ...(egress === undefined ? {} : { egress: egress?.map(toRule) ?? null }),
  };
}

/** What is asked for of a VM's network. */
export function toAskedNetwork({ mode, name, subnet, egress, allow, security_groups }: VmNetworkRequest): AskedNetwork {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(name === undefined ? {} : { name }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(egress === undefined ? {} : { egress }),
    ...(allow === undefined ? {} : { allow: allow.map(toRule) }),
    ...(security_groups === undefined ? {} : { securityGroups: security_groups }),
  };
}

function toRule({ cidr, protocol = 'any', ports = null }: TrafficRuleDto): TrafficRule {
  return { cidr, protocol, ports };
}
