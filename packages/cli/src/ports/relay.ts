import type { Socket } from 'node:net';
import type { PortConnection } from '@volary/sdk';

/**
 * Joins a connection of ours to one into a guest until both directions have ended, each by itself. Where one breaks, the other is reset, and this throws what
 * broke it.
 */
export async function relay(socket: Socket, connection: PortConnection): Promise<void> {
  try {
    await Promise.all([toGuest(socket, connection), fromGuest(socket, connection)]);
  } catch (error) {
    socket.resetAndDestroy();
    throw error;
  } finally {
    await connection[Symbol.asyncDispose]();
  }
}

async function toGuest(socket: Socket, connection: PortConnection): Promise<void> {
  // Its end is that of one direction: what comes back is still to be written.
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) await connection.write(bytes);
  await connection.end();
}

async function fromGuest(socket: Socket, connection: PortConnection): Promise<void> {
  for await (const bytes of connection.input) {
    if (!socket.write(bytes)) await drained(socket);
  }
  socket.end();
}

/** Rejects when the socket closes before. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle);
      if (socket.destroyed) reject(socket.errored ?? new Error('the connection was closed'));
      else resolve();
    };
    socket.once('drain', settle).once('close', settle);
  });
}
