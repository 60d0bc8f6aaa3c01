import type { GuestConnection } from '../../../../ports/guest-link.ts';
import { BrokenPipe, BytePipe } from './byte-pipe.ts';
import { guestRefused } from './guest-errors.ts';

/** A connection to the one service of a simulated guest: what is written comes back (RFC 862), until it is closed. */
export function openEcho(linkClosed: Promise<string>): GuestConnection {
  const pipe = new BytePipe();
  void linkClosed.then(() => pipe.abandon());
  return {
    input: pipe,
    async write(bytes) {
      try {
        await pipe.write(bytes);
      } catch (error) {
        throw error instanceof BrokenPipe ? guestRefused('EPIPE') : error;
      }
    },
    async end() {
      pipe.end();
    },
    async [Symbol.asyncDispose]() {
      pipe.abandon();
    },
  };
}
