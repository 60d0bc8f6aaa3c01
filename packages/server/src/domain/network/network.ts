import { parseIp } from '../../lib/ip-address.ts';
import { VolaryError } from '../errors.ts';
import type { NetworkId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import { type Cidr, contains, formatCidr, overlaps, parseCidr } from './cidr.ts';
import { capacityOf, poolOf } from './pool.ts';
import { checkEgress, type Egress } from './traffic.ts';

/** A range of a network that VMs can be given their addresses from. */
export interface Subnet {
  readonly name: string;
  readonly cidr: string;
}

/** Addresses of its own, for VMs that may reach each other where they are of one owner. */
export interface Network {
  readonly id: NetworkId;
  readonly name: string;
  readonly owner: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cidr: string;
  readonly subnets: readonly Subnet[];
  /** What its guests may reach outside; each may be allowed less. */
  readonly egress: Egress;
  /** The resolver of guests that may reach something outside; null: none. */
  readonly dns: string | null;
  /** Where the next address is looked for. */
  readonly nextAddress: number;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

/** What is there from the start; nobody removes it. */
export const DEFAULT_NETWORK = {
  name: 'default',
  cidr: '10.66.0.0/16',
  subnets: [],
  egress: { policy: 'allow', allow: [] },
  dns: '9.9.9.9',
} as const;

/** Of an installation; subnets of a network; lengths of prefixes, of which the longer leaves a few guests. */
export const NETWORK_LIMITS = { count: 256, subnets: 64, prefixLength: { minimum: 12, maximum: 29 } } as const;

/** Where networks may lie. */
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] as const;
const PRIVATE = PRIVATE_RANGES.map(parseCidr).filter((range) => range !== null);

/** The range of a stored network. */
export function cidrOf({ cidr }: Pick<Network, 'cidr'>): Cidr {
  const parsed = parseCidr(cidr);
  if (parsed === null) throw new TypeError(`${cidr} was stored as a range`);
  return parsed;
}

/** Throws `invalid_argument` network.invalid_cidr, network.invalid_subnet, network.invalid_rule, network.never_reached. */
export function checkNetwork({
  cidr,
  subnets,
  egress,
  dns,
}: Pick<Network, 'cidr' | 'subnets' | 'egress' | 'dns'>): void {
  const range = checkRange(cidr);
  checkSubnets(range, subnets);
  checkPolicy({ egress, dns });
}

/** Throws `invalid_argument` network.invalid_rule, network.never_reached. */
export function checkPolicy({ egress, dns }: Pick<Network, 'egress' | 'dns'>): void {
  checkEgress('egress', egress);
  if (dns !== null && parseIp(dns)?.version !== 4)
    throw fault('network.invalid_rule', 'dns', `${dns} is no IPv4 address.`);
}

function checkRange(cidr: string): Cidr {
  const range = parseCidr(cidr);
  const { minimum, maximum } = NETWORK_LIMITS.prefixLength;
  if (
    range === null ||
    range.prefixLength < minimum ||
    range.prefixLength > maximum ||
    !PRIVATE.some((outer) => contains(outer, range))
  ) {
    const message = `cidr must be a range within ${PRIVATE_RANGES.join(', ')}, from /${minimum} to /${maximum}, that begins with its first address.`;
    throw fault('network.invalid_cidr', 'cidr', message);
  }
  return range;
}

function checkSubnets(network: Cidr, subnets: readonly Subnet[]): void {
  const { subnets: most } = NETWORK_LIMITS;
  if (subnets.length > most) throw fault('network.invalid_subnet', 'subnets', `A network may have ${most} subnets.`);
  const before: { readonly name: string; readonly range: Cidr }[] = [];
  for (const [index, { name, cidr }] of subnets.entries()) {
    const field = `subnets.${index}`;
    const range = parseCidr(cidr);
    if (range === null || !contains(network, range))
      throw fault('network.invalid_subnet', `${field}.cidr`, `${cidr} is no range within ${formatCidr(network)}.`);
    if (capacityOf(poolOf(network, range)) === 0)
      throw fault('network.invalid_subnet', `${field}.cidr`, `${cidr} has no address that a VM could be given.`);
    const other = before.find((one) => one.name === name || overlaps(one.range, range));
    if (other !== undefined)
      throw fault(
        'network.invalid_subnet',
        field,
        `${name} (${cidr}) has its name or addresses in common with ${other.name}.`,
      );
    before.push({ name, range });
  }
}

function fault(reason: string, field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason, details: { field } });
}
