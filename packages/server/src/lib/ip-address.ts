/** Addresses of the Internet Protocol, as numbers. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly bits: bigint;
}

/** All addresses that begin with the first `prefixLength` bits of `bits`. */
export interface IpRange extends IpAddress {
  readonly prefixLength: number;
}

/** `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1`, also with a zone (`fe80::1%eth0`), which is left out; null for anything else. */
export function parseIp(text: string): IpAddress | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return { version: 4, bits: ipv4 };
  const ipv6 = parseIpv6(text.replace(/%.*$/s, ''));
  return ipv6 === null ? null : { version: 6, bits: ipv6 };
}

/** `10.0.0.0/8`, `fd00::/8`; one address alone is a range of one. Bits past the prefix are allowed, and mean nothing. */
export function parseIpRange(text: string): IpRange | null {
  const [start = '', length, ...rest] = text.split('/');
  const address = parseIp(start);
  if (address === null || rest.length > 0 || start.includes('%')) return null;
  const most = address.version === 4 ? 32 : 128;
  if (length === undefined) return { ...address, prefixLength: most };
  return /^\d{1,3}$/.test(length) && Number(length) <= most ? { ...address, prefixLength: Number(length) } : null;
}

export function isWithin(address: IpAddress, range: IpRange): boolean {
  if (address.version !== range.version) return false;
  const rest = BigInt((range.version === 4 ? 32 : 128) - range.prefixLength);
  return address.bits >> rest === range.bits >> rest;
}

/** This machine itself. */
export const LOOPBACK: readonly IpRange[] = ['127.0.0.0/8', '::1'].flatMap((text) => parseIpRange(text) ?? []);

/** An address of IPv4 that was written as one of IPv6 (`::ffff:192.0.2.1`), as sockets for both do, as itself; others unchanged. */
export function unmapped(address: IpAddress): IpAddress {
  return address.version === 6 && address.bits >> 32n === 0xffffn
    ? { version: 4, bits: address.bits & 0xffff_ffffn }
    : address;
}

/**
 * One name for all addresses that are one caller's: an address of IPv4, the 64 bits of a network of IPv6, out of which whoever has one
 * address has them all. Of what is no address, itself.
 */
export function networkNameOf(text: string): string {
  const parsed = parseIp(text);
  if (parsed === null) return text;
  const { version, bits } = unmapped(parsed);
  return version === 4 ? `4:${bits.toString(16)}` : `6:${(bits >> 64n).toString(16)}`;
}

/** Decimal alone: what else some programs take (`0x7f.1`) is not an address here. */
function parseIpv4(text: string): bigint | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (parts === undefined || parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0'))))
    return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | null {
  const groups = withoutDots(text);
  if (groups === null) return null;
  const [head = '', tail, ...more] = groups.split('::');
  if (more.length > 0) return null;
  const first = splitGroups(head);
  const last = tail === undefined ? [] : splitGroups(tail);
  const missing = 8 - first.length - last.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...first, ...Array.from({ length: missing }, () => '0'), ...last];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** The same with a last part in the form of IPv4 written as two groups. */
function withoutDots(text: string): string | null {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const bits = at === 0 ? null : parseIpv4(text.slice(at));
  return bits === null ? null : `${text.slice(0, at)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

function splitGroups(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
