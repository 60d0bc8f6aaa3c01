/** Ranges of IPv4 addresses, as numbers: a network's arithmetic. */
import { parseIpRange } from '../../lib/ip-address.ts';

/** `10.1.0.0/16`: its first address, and how many bits all of its addresses begin with. */
export interface Cidr {
  readonly first: number;
  readonly prefixLength: number;
}

/**
 * The range, if it is written in the one way that everybody reads alike and begins where it says: `10.1.2.3/16` is none, and neither is
 * `10.0.0.0/08`, which other programs take for octal.
 */
export function parseCidr(text: string): Cidr | null {
  const range = text.includes('/') ? parseIpRange(text) : null;
  if (range === null || range.version !== 4) return null;
  const cidr = { first: Number(range.bits), prefixLength: range.prefixLength };
  return cidr.first % sizeOf(cidr) === 0 && formatCidr(cidr) === text ? cidr : null;
}

export function formatCidr({ first, prefixLength }: Cidr): string {
  return `${formatAddress(first)}/${prefixLength}`;
}

/** `10.1.0.2` of the number. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** How many addresses it has. */
export function sizeOf({ prefixLength }: Pick<Cidr, 'prefixLength'>): number {
  return 2 ** (32 - prefixLength);
}

/** Its last address. */
export function lastOf(cidr: Cidr): number {
  return cidr.first + sizeOf(cidr) - 1;
}

/** Whether all of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.first >= outer.first && lastOf(inner) <= lastOf(outer);
}

/** Whether any address is in both. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first <= lastOf(b) && b.first <= lastOf(a);
}
