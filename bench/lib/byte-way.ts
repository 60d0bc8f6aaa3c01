import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { GuestConnection, GuestLink } from '../../packages/server/src/ports/guest-link.ts';

/** A way to a port of a guest: each call is a connection of its own. */
export type ByteWay = (guestPort: number) => Promise<GuestConnection>;

const PIECE = new Uint8Array(64 * 1024);

/** Over the agent's link, with nothing in between. */
export function overLink(link: GuestLink): ByteWay {
  const { signal } = new AbortController();
  return (port) => link.connect({ host: '127.0.0.1', port }, { signal });
}

/** Over a port of this host, by the port of the guest that it leads to. */
export function overHostPorts(hostPorts: ReadonlyMap<number, number>): ByteWay {
  return async (guestPort) => {
    const socket = connect({
      host: '127.0.0.1',
      port: hostPorts.get(guestPort) ?? 0,
      allowHalfOpen: true,
      noDelay: true,
    });
    await once(socket, 'connect');
    return {
      input: socket.iterator({ destroyOnReturn: false }),
      async write(bytes) {
        if (!socket.write(bytes)) await once(socket, 'drain');
      },
      async end() {
        socket.end();
      },
      async [Symbol.asyncDispose]() {
        socket.destroy();
      },
    };
  };
}

/** Reads to the end. Returns the bytes. */
export async function readAll({ input }: GuestConnection): Promise<number> {
  let bytes = 0;
  for await (const piece of input) bytes += piece.length;
  return bytes;
}

/** Writes so many bytes, and the end. */
export async function writeAll(connection: GuestConnection, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= PIECE.length)
    await connection.write(PIECE.subarray(0, Math.min(left, PIECE.length)));
  await connection.end();
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}
