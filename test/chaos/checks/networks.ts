import type { Network, SecurityGroup, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { formatAddress, parseCidr } from '../../../packages/server/src/domain/network/cidr.ts';
import { DEFAULT_NETWORK } from '../../../packages/server/src/domain/network/network.ts';
import { poolOf } from '../../../packages/server/src/domain/network/pool.ts';
import type { Book } from '../book.ts';
import type { StoredLease } from '../stored-leases.ts';
import { checkPossible, checkWords } from './words.ts';

/** What the server tells of networks. */
export interface SeenNetworks {
  readonly networks: readonly Network[];
  readonly groups: readonly SecurityGroup[];
}

type CheckedNetwork = Pick<Network, 'id' | 'name' | 'cidr' | 'egress' | 'addresses'>;
type CheckedGroup = Pick<SecurityGroup, 'name' | 'ingress'>;
type CheckedVm = Pick<Vm, 'id' | 'name' | 'network' | 'ip'>;

export async function readNetworks(client: VolaryClient): Promise<SeenNetworks> {
  const [networks, groups]: [Network[], SecurityGroup[]] = [[], []];
  for await (const network of client.networks.listAll()) networks.push(network);
  for await (const group of client.securityGroups.listAll()) groups.push(group);
  return { networks, groups };
}

/** What is wrong with networks, groups and the addresses that VMs have, one sentence each. Nothing is under way. */
export function checkNetworks(
  book: Pick<Book, 'networks' | 'groups'>,
  { networks, groups }: { readonly networks: readonly CheckedNetwork[]; readonly groups: readonly CheckedGroup[] },
  { vms, leases }: { readonly vms: readonly CheckedVm[]; readonly leases: readonly StoredLease[] },
): readonly string[] {
  const made = networks.map(({ name }) => name).filter((name) => name !== DEFAULT_NETWORK.name);
  const groupNames = groups.map(({ name }) => name);
  return [
    ...checkWords('network', book.networks, made),
    ...checkWords('security group', book.groups, groupNames),
    ...networks.flatMap(({ name, egress }) => {
      const entry = book.networks.find((each) => each.name === name);
      return entry === undefined ? [] : checkPossible(`egress of ${name}`, entry.egress, egress);
    }),
    ...groups.flatMap(({ name, ingress }) => {
      const entry = book.groups.find((each) => each.name === name);
      const ports = ingress.map((rule) => rule.ports).join();
      return entry === undefined ? [] : checkPossible(`ports of ${name}`, entry.ports, ports);
    }),
    ...checkUse(networks, groupNames, vms),
    ...checkLeases(networks, vms, leases),
  ];
}

/** What a VM names is there. */
function checkUse(
  networks: readonly CheckedNetwork[],
  groups: readonly string[],
  vms: readonly CheckedVm[],
): readonly string[] {
  return vms.flatMap(({ name, network }) => [
    ...(network.mode !== 'bridge' || networks.some((each) => each.name === network.name)
      ? []
      : [`${name} is on ${network.name}, which is gone`]),
    ...(network.security_groups ?? [])
      .filter((group) => !groups.includes(group))
      .map((group) => `${name} is under ${group}, which is gone`),
  ]);
}

/** Each VM on a network has one address of it, as long as it is there and no longer, and no two have the same. */
function checkLeases(
  networks: readonly CheckedNetwork[],
  vms: readonly CheckedVm[],
  leases: readonly StoredLease[],
): readonly string[] {
  const networkOf = new Map<string, CheckedNetwork>(networks.map((network) => [network.id, network]));
  return [
    ...leases.flatMap((lease, index) => [
      ...checkLease(lease, networkOf.get(lease.networkId), vms),
      ...leases
        .slice(0, index)
        .filter(({ networkId, address }) => networkId === lease.networkId && address === lease.address)
        .map(({ vmId }) => `${formatAddress(lease.address)} is given to ${vmId} and ${lease.vmId}`),
    ]),
    ...vms.flatMap(({ id, name, network }) => {
      const count = leases.filter(({ vmId }) => vmId === id).length;
      return count === (network.mode === 'bridge' ? 1 : 0) ? [] : [`${name} (${network.mode}) has ${count} addresses`];
    }),
    ...networks.flatMap(({ id, name, addresses: { used } }) => {
      const count = leases.filter(({ networkId }) => networkId === id).length;
      return used === count ? [] : [`${name} tells of ${used} addresses in use, and has ${count}`];
    }),
  ];
}

function checkLease(
  { address, vmId }: StoredLease,
  network: CheckedNetwork | undefined,
  vms: readonly CheckedVm[],
): readonly string[] {
  const text = formatAddress(address);
  const cidr = parseCidr(network?.cidr ?? '');
  const pool = cidr === null ? null : poolOf(cidr);
  const isGiven = pool !== null && address >= pool.first && address <= pool.last;
  const vm = vms.find(({ id }) => id === vmId);
  return [
    ...(isGiven ? [] : [`${text} is no address that ${network?.name} gives`]),
    ...(vm === undefined ? [`${text} is kept for ${vmId}, which is gone`] : []),
    ...(vm === undefined || vm.ip === text ? [] : [`${vm.name} has ${text}, and tells of ${vm.ip}`]),
    ...(vm === undefined || vm.network.name === network?.name ? [] : [`${vm.name} has ${text} of ${network?.name}`]),
  ];
}
