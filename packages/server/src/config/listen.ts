import { VolaryError } from '../domain/errors.ts';

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

/** The address as part of a URL. */
export function toUrl({ host, port }: ListenAddress): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
