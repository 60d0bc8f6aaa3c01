/**
 * Stands in front of a Loki, a real one too, to be away or to answer in its place: that cannot be asked of a real
 * one.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createLoopbackServer } from './loopback-server.ts';

export interface LokiFront extends AsyncDisposable {
  readonly url: string;
  /** Of each push that has come, the status that was answered. */
  readonly pushes: readonly number[];
  /**
   * What is answered instead of what Loki does; `unread`: Loki is asked, and it is broken off before its answer;
   * null: nothing.
   */
  fail(fault: { readonly status: number } | 'unread' | null): void;
  /** Nobody listens any more; `start` begins again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startLokiFront(to: string): Promise<LokiFront> {
  const pushes: number[] = [];
  let fault: { readonly status: number } | 'unread' | null = null;

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  const loopback = createLoopbackServer(server);
  const { start, stop } = loopback;

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, text } = await answerTo(request);
    if (request.method === 'POST') pushes.push(status);
    if (fault === 'unread') response.destroy();
    else response.writeHead(status).end(text);
  }

  async function answerTo(request: IncomingMessage): Promise<{ readonly status: number; readonly text: string }> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    if (fault !== null && fault !== 'unread') return { status: fault.status, text: '' };
    const { method = 'GET', headers } = request;
    const answer = await fetch(`${to}${request.url}`, {
      ...{ method, headers: passedOn(headers) },
      ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
    });
    return { status: answer.status, text: await answer.text() };
  }

  await start();
  return {
    get url() {
      return loopback.url;
    },
    ...{ pushes, start, stop },
    fail(next) {
      fault = next;
    },
    [Symbol.asyncDispose]: stop,
  };
}

const PASSED = ['content-type', 'content-encoding', 'x-scope-orgid', 'authorization'] as const;

function passedOn(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    PASSED.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
}
