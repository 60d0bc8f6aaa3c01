import { isIP } from 'node:net';
import { usageError } from '../errors.ts';

/** A port here that leads to one of a guest. */
export interface Forward {
  /** 0: a free one. */
  readonly localPort: number;
  readonly remotePort: number;
}

/** Reads `[LOCAL:]REMOTE`: `8080`, `9000:80`, and `:80` for a free port here. Throws `cli.usage`. */
export function parseForward(text: string): Forward {
  const [, local, remote = ''] = /^(?:(\d*):)?(\d+)$/.exec(text) ?? [];
  const remotePort = Number(remote);
  const localPort = local === undefined ? remotePort : Number(local);
  if (remote === '' || remotePort < 1 || remotePort > 65_535 || localPort > 65_535) {
    throw usageError(`"${text}" is not [LOCAL:]REMOTE with ports from 1 to 65535.`, 'volary help port-forward');
  }
  return { localPort, remotePort };
}

/** Whether only programs of this machine come to this address. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
