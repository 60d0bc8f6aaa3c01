import type { Network, SecurityGroup, TrafficRule, Vm } from '@volary/contract';
import { parseId } from '../../../packages/server/src/domain/ids.ts';
import type { TrafficRule as DomainRule, Egress } from '../../../packages/server/src/domain/network/traffic.ts';
import type { NetworkPlan } from '../../../packages/server/src/ports/networks.ts';
import type { HostNetworks } from '../host-networks.ts';
import type { StoredLease } from '../stored-leases.ts';
import type { SeenNetworks } from './networks.ts';

/** What the host's networks are to be, by what is stored. */
export function planOf(
  { networks, groups }: SeenNetworks,
  { vms, leases }: { readonly vms: readonly Vm[]; readonly leases: readonly StoredLease[] },
): NetworkPlan {
  const guests = leases.flatMap(({ vmId: id, networkId: network, address }) => {
    const [vmId, networkId, vm] = [parseId('vm', id), parseId('net', network), vms.find((each) => each.id === id)];
    if (vmId === null || networkId === null || vm === undefined) return [];
    const { egress, allow, security_groups: names = [] } = vm.network;
    return [{ vmId, networkId, address, party: vm.owner, egress: egressOf({ egress, allow }), groups: names }];
  });
  const used = new Set(guests.flatMap((guest) => guest.groups));
  return {
    networks: networks.flatMap((network) => {
      const id = parseId('net', network.id);
      return id === null ? [] : [{ id, cidr: network.cidr, egress: egressOf(network) }];
    }),
    guests,
    groups: [...used].flatMap((name) => groups.filter((group) => group.name === name).map(groupOf)),
  };
}

function groupOf({ name, ingress, egress }: SecurityGroup) {
  return { name, ingress: ingress.map(ruleOf), egress: egress?.map(ruleOf) ?? null };
}

function egressOf({
  egress,
  allow = [],
}: Pick<Network, 'egress'> & { readonly allow?: TrafficRule[] | undefined }): Egress {
  return { policy: egress, allow: allow.map(ruleOf) };
}

function ruleOf({ cidr, protocol = 'any', ports = null }: TrafficRule): DomainRule {
  return { cidr, protocol, ports };
}

/** What is too much on the host, and what lacks, one sentence each. */
export function differences(wanted: HostNetworks, found: HostNetworks): readonly string[] {
  const parts = ['links', 'rules', 'outside'] as const;
  return [
    ...(wanted.hasNamespace === found.hasNamespace
      ? []
      : [found.hasNamespace ? 'a namespace that nobody is in' : 'no namespace']),
    ...parts.flatMap((part) => [
      ...found[part].filter((line) => !wanted[part].includes(line)).map((line) => `left over of ${part}: ${line}`),
      ...wanted[part].filter((line) => !found[part].includes(line)).map((line) => `missing of ${part}: ${line}`),
    ]),
    ...parts
      .filter((part) => new Set(found[part]).size !== found[part].length)
      .map((part) => `something twice of ${part}`),
  ];
}
