import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { PortConnection } from '@volary/sdk';
import { CliError } from '../errors.ts';
import { systemReason } from '../output/system-error.ts';
import { relay } from './relay.ts';

/** What listens here. */
export interface Listening {
  readonly address: string;
  readonly port: number;
  /** Listens no more, and resets what is open. */
  close(): Promise<void>;
}

interface Handlers {
  readonly connect: () => Promise<PortConnection>;
  /** A connection failed, and was reset. */
  readonly failed: (error: unknown) => void;
}

/** Listens, and joins whoever connects to a connection of their own into the guest. Throws `cli.port_in_use` or `cli.cannot_listen`. */
export async function listen(
  { address, port }: { readonly address: string; readonly port: number },
  { connect, failed }: Handlers,
): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Whoever reads or writes is told; one that breaks before that is told of by nobody.
    socket.on('error', () => undefined);
    void serve(socket, connect).catch((error: unknown) => {
      if (!isOurs(socket, error)) failed(error);
    });
  });
  await listening(server, address, port);
  const bound = server.address();
  return {
    address,
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}

async function serve(socket: Socket, connect: () => Promise<PortConnection>): Promise<void> {
  try {
    await relay(socket, await connect());
  } catch (error) {
    socket.resetAndDestroy();
    throw error;
  }
}

/** What the local side did itself needs no telling. */
function isOurs(socket: Socket, error: unknown): boolean {
  return (
    error === socket.errored ||
    (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  );
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    const isInUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    throw new CliError(`Cannot listen on ${host}:${port}: ${systemReason(cause)}.`, {
      reason: isInUse ? 'cli.port_in_use' : 'cli.cannot_listen',
      ...(isInUse ? { hint: `take another: volary port-forward NAME LOCAL:REMOTE` } : {}),
      cause,
    });
  }
}
