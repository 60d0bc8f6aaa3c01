import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A server on the loopback that can be away: `start` begins again at the same address, `stop` breaks off all connections. */
export interface LoopbackServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createLoopbackServer(server: Server): LoopbackServer {
  const sockets = new Set<Socket>();
  let port = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    async start() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
