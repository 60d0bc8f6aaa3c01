import { DIALECTS, type Dialect } from '../domain/dialects.ts';
import { VolaryError } from '../domain/errors.ts';
import { isWithin, LOOPBACK, parseIp, unmapped } from '../lib/ip-address.ts';
import { invalidSetting, listOf, oneOf } from './values.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** A dialect that has a listener of its own, at whose root it is. */
export interface DialectListener {
  readonly dialect: Dialect;
  readonly address: ListenAddress;
}

export interface Listeners {
  /** Where all faces are. */
  readonly listen: ListenAddress;
  readonly dialects: readonly DialectListener[];
}

const DEFAULT: ListenAddress = { host: '127.0.0.1', port: 7070 };

/** `HOST:PORT` and `DIALECT=HOST:PORT`, with commas between them. Throws `invalid_argument` config.invalid_listen, config.invalid. */
export function parseListenAddresses(text: string | null): Listeners {
  const entries = listOf(text).map((entry) => {
    const [name, address] = entry.includes('=')
      ? [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]
      : [null, entry];
    return { dialect: name === null ? null : oneOf('listen', name, DIALECTS), address: parseListen(address) };
  });
  const dialects = entries.flatMap(({ dialect, address }) => (dialect === null ? [] : [{ dialect, address }]));
  const [listen = DEFAULT, ...more] = entries.filter(({ dialect }) => dialect === null).map(({ address }) => address);
  if (more.length > 0) throw invalidSetting('listen', 'listen has two addresses without a dialect; one has all faces.');
  return { listen, dialects };
}

/** `HOST:PORT`, `[::1]:PORT`, or `:PORT` for loopback. Throws `invalid_argument` config.invalid_listen. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]=]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new VolaryError(
      'invalid_argument',
      `"${text}" is no address to listen on; write HOST:PORT, such as 127.0.0.1:7070.`,
      {
        reason: 'config.invalid_listen',
        details: { field: 'listen' },
      },
    );
  }
  return { host: match[1] ?? (match[2] === '' || match[2] === undefined ? '127.0.0.1' : match[2]), port };
}

/** True when nobody but this machine can reach it. A name other than `localhost` may stand for any address. */
export function isLoopback({ host }: ListenAddress): boolean {
  const address = parseIp(host);
  if (address === null) return host.toLowerCase() === 'localhost';
  return LOOPBACK.some((range) => isWithin(unmapped(address), range));
}

/** The address as part of a URL. */
export function toUrl({ host, port }: ListenAddress, scheme: 'http' | 'https' = 'http'): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
