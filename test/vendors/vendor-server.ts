/**
 * What the servers of vendors' HTTP APIs have in common: real HTTP on the loopback, a record of what came, and faults in place of answers.
 * Each answers as its vendor's documentation says, and refuses what that refuses; nothing here is the vendor's.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface VendorRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface VendorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text as it is. */
  readonly body: unknown;
}

/**
 * In place of an answer. `silence`: none comes. `unread`: it does what it is asked, and breaks off instead of answering. `endless`: a body that
 * does not end. `drip`: one that ends, a byte at a time, after far longer than anybody waits.
 */
export type Fault = VendorAnswer | 'silence' | 'unread' | 'endless' | 'drip';

export interface VendorServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  /** All that came, in its order. */
  readonly requests: readonly VendorRequest[];
  /** Resolves when so many requests have come. */
  arrived(count: number): Promise<void>;
  /** Answers to the next requests, in this order, instead of its own. */
  failNext(...faults: readonly Fault[]): void;
  /** The same to all, until null. */
  failAll(fault: Fault | null): void;
}

export async function startVendorServer(answer: (request: VendorRequest) => VendorAnswer): Promise<VendorServer> {
  const requests: VendorRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const next: Fault[] = [];
  let always: Fault | null = null;

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = incoming;
    const request = { method, path: url, headers, body: await readBody(incoming) };
    requests.push(request);
    const fault = next.shift() ?? always;
    if (fault === null) reply(response, answer(request));
    else if (fault === 'unread') {
      answer(request);
      response.destroy();
    } else if (typeof fault === 'object') reply(response, fault);
    else if (fault !== 'silence') pour(response, fault);
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {}); // those who ask may go away
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async arrived(count) {
      if (requests.length >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      await promise;
    },
    failNext: (...faults) => {
      next.push(...faults);
    },
    failAll(fault) {
      always = fault;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function reply(response: ServerResponse, { status, headers = {}, body }: VendorAnswer): void {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** JSON that looks well, and goes on until the other side has had enough. */
function pour(response: ServerResponse, how: 'endless' | 'drip'): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (how === 'drip') {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
    return;
  }
  const chunk = ' '.repeat(65_536);
  const fill = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', fill);
  fill();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** An object's fields; null for anything else that JSON has, and for what is no JSON. */
export function readFields(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
