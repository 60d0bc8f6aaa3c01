/** What clients do with networks and security groups: create them, change their rules, delete them, and put VMs on them. */
import type { CreateVmRequest } from '@volary/contract';
import { DEFAULT_NETWORK } from '../../../packages/server/src/domain/network/network.ts';
import { free, type KnownGroup, type KnownNetwork, type KnownVm, possible } from '../book.ts';
import { alone, answered, changed, type WorkDeps } from './asking.ts';

/** Nothing of this is ever asked for: no packet leaves the host. */
const OUTSIDE = '198.51.100.0/24';
const EGRESS = ['deny', 'allow', 'allowlist'] as const;
type Egress = (typeof EGRESS)[number];

/** Where a VM is to be. */
export type Place = Pick<CreateVmRequest, 'network'>;

/** Where a new VM is to be: most of them on one of the networks that there are, or on everybody's. */
export function pickPlace({ book: { networks, groups }, random, bounds }: WorkDeps): Place {
  if (bounds.mostNetworks === 0 || random.isTrue(0.35)) return {};
  const name = random.pick(free(networks))?.name ?? DEFAULT_NETWORK.name;
  const group = random.isTrue(0.5) ? random.pick(free(groups)) : undefined;
  const egress = random.pick(EGRESS) ?? 'deny';
  return {
    network: {
      ...{ mode: 'bridge', name, egress },
      ...(egress === 'allowlist' ? { allow: [{ cidr: OUTSIDE }] } : {}),
      ...(group === undefined ? {} : { security_groups: [group.name] }),
    },
  };
}

/** Has a VM on a network reach something else, and be under another security group, whatever it does meanwhile. */
export async function changePlace({ client, book, random, signal }: WorkDeps, vm: KnownVm): Promise<void> {
  const { name, place } = vm;
  if (place === undefined || place.isBusy || vm.creation !== 'accepted') return;
  const to = random.pick(EGRESS) ?? 'deny';
  const group = random.isTrue(0.5) ? random.pick(free(book.groups)) : undefined;
  const network = {
    ...{ egress: to, allow: to === 'allowlist' ? [{ cidr: OUTSIDE }] : [] },
    security_groups: group === undefined ? [] : [group.name],
  };
  await alone(place, async () => {
    await changed(book, `let ${name} reach ${to}`, { of: place.egress, to }, () =>
      client.vms.update(name, { network }, { signal }),
    );
  });
}

/** A place that is there to the end, made if there is none yet. */
export async function keptPlace(deps: WorkDeps): Promise<Place> {
  const { networks, groups } = deps.book;
  if (deps.bounds.mostNetworks === 0) return {};
  if (networks.every(({ isKept }) => !isKept)) await createNetwork(deps, true);
  if (groups.every(({ isKept }) => !isKept)) await createGroup(deps, true);
  const isThere = ({ isKept, creation }: KnownNetwork | KnownGroup): boolean => isKept && creation === 'accepted';
  const [network, group] = [networks.find(isThere), groups.find(isThere)];
  if (network === undefined || group === undefined) return {};
  return { network: { mode: 'bridge', name: network.name, security_groups: [group.name] } };
}

/** Asks for something of a network or a group, or for another one. */
export async function workOnNetworks(deps: WorkDeps): Promise<void> {
  const { book, random, bounds } = deps;
  if (random.isTrue(0.5)) {
    const isRoom = possible(book.networks).length < bounds.mostNetworks;
    const network = random.pick(free(book.networks));
    if (network === undefined || (isRoom && random.isTrue(0.4)))
      return isRoom ? await createNetwork(deps, false) : undefined;
    return await alone(network, () =>
      random.isTrue(0.5) || network.isKept ? changeNetwork(deps, network) : deleteNetwork(deps, network),
    );
  }
  const isRoom = possible(book.groups).length < bounds.mostNetworks;
  const group = random.pick(free(book.groups));
  if (group === undefined || (isRoom && random.isTrue(0.4))) return isRoom ? await createGroup(deps, false) : undefined;
  await alone(group, () => (random.isTrue(0.6) || group.isKept ? changeGroup(deps, group) : deleteGroup(deps, group)));
}

async function createNetwork({ client, book, random, signal }: WorkDeps, isKept: boolean): Promise<void> {
  const number = book.nextNumber();
  const egress = random.pick(EGRESS) ?? 'deny';
  const entry: KnownNetwork = {
    ...{ name: `n${number}`, creation: 'asked', deletion: null, isBusy: false },
    ...{ isKept, egress: [egress] },
  };
  book.networks.push(entry);
  // Few addresses, so that they are given again and again; ranges that no two networks have.
  const cidr = `10.${128 + ((number >> 8) & 127)}.${number & 255}.0/${isKept ? 26 : 28}`;
  await answered(book, `create network ${entry.name}`, entry, 'creation', () =>
    client.networks.create({ name: entry.name, cidr, ...rulesOf(egress) }, { signal }),
  );
}

async function changeNetwork({ client, book, random, signal }: WorkDeps, entry: KnownNetwork): Promise<void> {
  const to = random.pick(EGRESS) ?? 'deny';
  await changed(book, `let ${entry.name} ${to}`, { of: entry.egress, to }, () =>
    client.networks.update(entry.name, rulesOf(to), { signal }),
  );
}

function rulesOf(egress: Egress) {
  return { egress, allow: egress === 'allowlist' ? [{ cidr: OUTSIDE, protocol: 'tcp', ports: '443' } as const] : [] };
}

async function deleteNetwork({ client, book, signal }: WorkDeps, entry: KnownNetwork): Promise<void> {
  entry.deletion = 'asked';
  await answered(book, `delete network ${entry.name}`, entry, 'deletion', () =>
    client.networks.delete(entry.name, { signal }),
  );
}

async function createGroup({ client, book, signal }: WorkDeps, isKept: boolean): Promise<void> {
  const number = book.nextNumber();
  const ports = String(1_000 + (number % 1_000));
  const entry: KnownGroup = {
    ...{ name: `g${number}`, creation: 'asked', deletion: null, isBusy: false },
    ...{ isKept, ports: [ports] },
  };
  book.groups.push(entry);
  await answered(book, `create group ${entry.name}`, entry, 'creation', () =>
    client.securityGroups.create({ name: entry.name, ingress: ingressOf(ports) }, { signal }),
  );
}

async function changeGroup({ client, book, random, signal }: WorkDeps, entry: KnownGroup): Promise<void> {
  const to = String(1_000 + random.below(1_000));
  await changed(book, `let ${entry.name} open ${to}`, { of: entry.ports, to }, () =>
    client.securityGroups.update(entry.name, { ingress: ingressOf(to) }, { signal }),
  );
}

function ingressOf(ports: string) {
  return [{ cidr: '10.0.0.0/8', protocol: 'tcp' as const, ports }];
}

async function deleteGroup({ client, book, signal }: WorkDeps, entry: KnownGroup): Promise<void> {
  entry.deletion = 'asked';
  await answered(book, `delete group ${entry.name}`, entry, 'deletion', () =>
    client.securityGroups.delete(entry.name, { signal }),
  );
}
