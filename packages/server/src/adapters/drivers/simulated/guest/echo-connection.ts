import type { GuestConnection } from '../../../../ports/guest-link.ts';
import { BytePipe } from './byte-pipe.ts';
import { createConnection } from './simulated-connection.ts';

/** A connection to the one service of a simulated guest: what is written comes back (RFC 862), until it is closed. */
export function openEcho(linkClosed: Promise<string>): GuestConnection {
  const pipe = new BytePipe();
  return createConnection(pipe, linkClosed, (bytes) => pipe.write(Uint8Array.from(bytes)));
}
