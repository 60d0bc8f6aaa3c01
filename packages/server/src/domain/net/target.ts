/**
 * Where the server goes for others: webhooks, downloads. Whoever names a URL has the server send requests from its own place in the
 * network: so only addresses of the public internet are reached, unless the operator allows others. A name means nothing here: it is
 * the address that is judged, each time, and the one that is then connected to.
 */
import { type IpAddress, type IpRange, isWithin, parseIp, parseIpRange } from '../../lib/ip-address.ts';

/** What the operator allows besides: ranges of addresses, and single places, `host:port` in lower case. */
export interface AllowedTargets {
  readonly ranges: readonly IpRange[];
  readonly places: readonly string[];
}

/** IANA's registry of special-purpose addresses (RFC 6890 and its updates), and multicast. */
const SPECIAL_IPV4 = ranges(
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3',
);
/** Within what is public in IPv6: protocols of their own (Teredo among them), documentation, segment routing. */
const SPECIAL_IPV6 = ranges('2001::/23 2001:db8::/32 3fff::/20');
const PUBLIC_IPV6 = ranges('2000::/3');

/** This machine, and networks of one's own: what somebody who may reach them can mean by writing such an address. */
const LOCAL = ranges('127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7');

/** Ranges of IPv6 that lead to an address of IPv4, and how many bits stand after that. */
const EMBEDDING = [
  { range: '::ffff:0:0/96', after: 0n }, // mapped
  { range: '::/96', after: 0n }, // compatible (:: and ::1 among them)
  { range: '::ffff:0:0:0/96', after: 0n }, // translated (SIIT)
  { range: '64:ff9b::/96', after: 0n }, // NAT64
  { range: '2002::/16', after: 80n }, // 6to4
].map(({ range, after }) => ({ ranges: ranges(range), after }));

/** The host of a URL, an address of IPv6 without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** True when a request to this URL may go to this address. */
export function isTargetAllowed(url: URL, address: string, allowed: AllowedTargets): boolean {
  const ip = parseIp(address);
  if (ip === null) return false;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (allowed.places.includes(`${url.hostname}:${port}`)) return true;
  const inner = embeddedIn(ip);
  const isNamed = (face: IpAddress): boolean => allowed.ranges.some((range) => isWithin(face, range));
  return isNamed(ip) || (inner === null ? isPublic(ip) : isNamed(inner) || isPublic(inner));
}

/** True when the URL itself names an address of this machine or of a private network, instead of a name that leads there. */
export function isLocalLiteral(url: URL): boolean {
  const ip = parseIp(hostOf(url));
  return ip !== null && LOCAL.some((range) => isWithin(ip, range));
}

/** A list as the operator writes it: `10.0.0.0/8, fd00::/8, hooks.internal:8443`. Throws RangeError naming what is neither. */
export function parseAllowedTargets(text: string): AllowedTargets {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  const found = entries.map((entry) => ({ entry, range: parseIpRange(entry), place: parsePlace(entry) }));
  const wrong = found.find(({ range, place }) => range === null && place === null);
  if (wrong !== undefined) throw new RangeError(`"${wrong.entry}" is neither a range of addresses nor HOST:PORT`);
  return {
    ranges: found.flatMap(({ range }) => range ?? []),
    places: found.flatMap(({ place, range }) => (range === null && place !== null ? [place] : [])),
  };
}

/** The address of IPv4 that this one of IPv6 leads to, if it does. */
function embeddedIn(ip: IpAddress): IpAddress | null {
  const embedding =
    ip.version === 6 ? EMBEDDING.find((each) => each.ranges.some((range) => isWithin(ip, range))) : undefined;
  return embedding === undefined ? null : { version: 4, bits: (ip.bits >> embedding.after) & 0xffff_ffffn };
}

function isPublic(ip: IpAddress): boolean {
  const isIn = (list: readonly IpRange[]): boolean => list.some((range) => isWithin(ip, range));
  return ip.version === 4 ? !isIn(SPECIAL_IPV4) : isIn(PUBLIC_IPV6) && !isIn(SPECIAL_IPV6);
}

/** `host:port` as the parts of a URL have it; null if it is none. */
function parsePlace(entry: string): string | null {
  const port = /:(\d{1,5})$/.exec(entry)?.[1];
  const text = `http://${entry}/`;
  if (port === undefined || Number(port) < 1 || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.username === '' && url.pathname === '/' && url.search === '' && url.hash === ''
    ? `${url.hostname}:${Number(port)}`
    : null;
}

function ranges(list: string): readonly IpRange[] {
  return list.split(' ').flatMap((text) => parseIpRange(text) ?? []);
}
