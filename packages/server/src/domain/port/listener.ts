/** What listens in a guest, as its kernel tells it. */
export interface GuestListener {
  readonly protocol: 'tcp';
  /** `0.0.0.0` and `::`: all of the guest's. */
  readonly address: string;
  readonly port: number;
  /** Whether it takes connections that come from within the guest, to its loopback: those that are forwarded do. */
  readonly isReachable: boolean;
}

/** As `include/net/tcp_states.h` has it. */
const LISTENING = '0A';

/**
 * Reads `/proc/net/tcp` or `tcp6` of a Linux guest on a little-endian machine, which all are that we run. What is no line of such a table
 * is passed over: the guest may say anything.
 */
export function parseListeners(table: string): readonly GuestListener[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [, hexAddress, hexPort] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? [];
    if (state !== LISTENING || hexAddress === undefined || hexPort === undefined) return [];
    const bytes = toBytes(hexAddress);
    const address = bytes.length === 4 ? bytes.join('.') : toIpv6(bytes);
    return [{ protocol: 'tcp', address, port: Number.parseInt(hexPort, 16), isReachable: isLocal(address) }];
  });
}

/** Listeners by their port, each once: several sockets may share one. */
export function sortListeners(listeners: readonly GuestListener[]): readonly GuestListener[] {
  const byPlace = new Map(listeners.map((listener) => [`${listener.address} ${listener.port}`, listener]));
  return [...byPlace.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
}

/** The kernel prints words of 32 bits in the order of its own bytes. */
function toBytes(hex: string): readonly number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) => (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse());
}

/** As RFC 5952 writes it: the first longest row of zeros is left out, IPv4 within it is shown as such. */
function toIpv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.slice(12).join('.')}`;
  const text = groups.map((group) => group.toString(16)).join(':');
  const [first, ...others] = text.matchAll(/\b0(?::0)+\b/g);
  if (first === undefined) return text;
  const longest = others.reduce((best, row) => (row[0].length > best[0].length ? row : best), first);
  const before = text.slice(0, longest.index).replace(/:$/, '');
  return `${before}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

function isLocal(address: string): boolean {
  return /^(0\.0\.0\.0|127\..*|::|::1|::ffff:127\..*)$/.test(address);
}
