/** Gives a new VM its place on a network: an address that nobody else gets, as long as the VM is kept. */
import { VolaryError } from '../../domain/errors.ts';
import { formatAddress, parseCidr } from '../../domain/network/cidr.ts';
import { cidrOf, type Network } from '../../domain/network/network.ts';
import { capacityOf, nextFree, type Pool, poolOf } from '../../domain/network/pool.ts';
import type { BridgedNetwork, VmNetwork } from '../../domain/network/vm-network.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { Lease } from '../../ports/tables/network-tables.ts';
import { ownerPrincipal } from '../access/owner-principal.ts';
import { findNetwork, findSecurityGroup } from '../queries/find-network.ts';

/** Addresses that are read at a time where the next free one is looked for. */
const LOOKED_AT = 64;

type PlaceTables = Pick<Tables, 'networks' | 'securityGroups'>;

/**
 * Null where the VM is on no network. What the server makes by itself is placed as its owner may. Throws as `requirePlace`, and
 * `resource_exhausted` network.no_address.
 */
export async function chooseLease(
  tables: Tables,
  principal: Principal,
  { id, spec, owner }: Vm,
): Promise<Lease | null> {
  const { network: asked } = spec;
  if (asked.mode !== 'bridge') return null;
  const asker = principal.kind === 'system' ? await ownerPrincipal(tables, owner) : principal;
  const { network, pool } = await findPlace(tables, asker, asked);
  const takenFrom = (address: number) => tables.leases.takenFrom(network.id, address, LOOKED_AT);
  const address = await nextFree(pool, network.nextAddress, takenFrom);
  if (address === null) throw noAddress(asked, pool);
  return { networkId: network.id, address, vmId: id };
}

/**
 * Whether the principal may place VMs there. Throws `not_found` network.unknown, security_group.unknown, `invalid_argument`
 * network.unknown_subnet, `permission_denied` access.denied.
 */
export async function requirePlace(tables: PlaceTables, principal: Principal, asked: VmNetwork): Promise<void> {
  if (asked.mode === 'bridge') await findPlace(tables, principal, asked);
}

async function findPlace(
  tables: PlaceTables,
  principal: Principal,
  asked: BridgedNetwork,
): Promise<{ readonly network: Network; readonly pool: Pool }> {
  await requireSecurityGroups(tables, principal, asked);
  const network = await findNetwork(tables, { principal, permission: 'network:read' }, asked.name);
  return { network, pool: poolOfVm(network, asked) };
}

/** Those that are new to it have to be there, and the principal has to see them. Throws `not_found` security_group.unknown. */
export async function requireSecurityGroups(
  tables: PlaceTables,
  principal: Principal,
  asked: VmNetwork,
  before: VmNetwork | null = null,
): Promise<void> {
  if (asked.mode !== 'bridge') return;
  const had = before?.mode === 'bridge' ? before.securityGroups : [];
  for (const name of asked.securityGroups)
    if (!had.includes(name)) await findSecurityGroup(tables, { principal, permission: 'security-group:read' }, name);
}

function poolOfVm(network: Network, { subnet }: BridgedNetwork): Pool {
  if (subnet === null) return poolOf(cidrOf(network));
  const range = parseCidr(network.subnets.find(({ name }) => name === subnet)?.cidr ?? '');
  if (range !== null) return poolOf(cidrOf(network), range);
  throw new VolaryError('invalid_argument', `The network ${network.name} has no subnet ${subnet}.`, {
    reason: 'network.unknown_subnet',
    details: { field: 'network.subnet', allowed: network.subnets.map(({ name }) => name) },
  });
}

function noAddress({ name, subnet }: BridgedNetwork, pool: Pool): VolaryError {
  const total = capacityOf(pool);
  const where = subnet === null ? `the network ${name}` : `the subnet ${subnet} of the network ${name}`;
  return new VolaryError(
    'resource_exhausted',
    `All ${total} addresses of ${where} are taken. Delete VMs on it, or use another network.`,
    {
      reason: 'network.no_address',
      details: { network: name, subnet, total, first: formatAddress(pool.first), last: formatAddress(pool.last) },
    },
  );
}
