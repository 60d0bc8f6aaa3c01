import { VolaryError } from '../domain/errors.ts';
import { isWithin, LOOPBACK, parseIp, unmapped } from '../lib/ip-address.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
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
