import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that arrived. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** A real receiver of webhooks, on the loopback. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Resolves when so many requests have arrived and been answered. */
  count(wanted: number): Promise<readonly Received[]>;
  /** How the next requests are answered. */
  answer: Answering;
}

export type Answering = (response: ServerResponse, received: Received) => void;

/** Answers with this status and nothing else. */
export function withStatus(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Answering {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Listens on a free port, or on this one, and answers with 204 until it is told otherwise. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const waiting: { readonly wanted: number; readonly resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const each = { headers: request.headers, body, path: request.url ?? '' };
      received.push(each);
      receiver.answer(response, each);
      for (const { wanted, resolve } of waiting) if (received.length >= wanted) resolve();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // those who send may go away
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = addressOf(server.address());
  const receiver: Receiver = {
    url: `http://127.0.0.1:${taken}/in`,
    port: taken,
    received,
    answer: withStatus(204),
    async count(wanted) {
      if (received.length < wanted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push({ wanted, resolve });
        await promise;
      }
      return received;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return receiver;
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
  return address;
}
