import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** What came in: enough to check what a client asks for. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

export type Answer = (response: ServerResponse, request: SeenRequest) => void;

export interface ScriptedServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly seen: readonly SeenRequest[];
}

/** A real HTTP server that answers the first request as the first of these says, and so on; the last one goes on for ever. */
export async function startScriptedServer(...answers: readonly Answer[]): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    void readWhole(incoming).then((request) => {
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push(request);
      answer?.(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readWhole(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const url = new URL(incoming.url ?? '/', 'http://server');
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

/** Answers with this value as JSON. */
export function sendJson(value: unknown, status = 200, contentType = 'application/json'): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': contentType }).end(JSON.stringify(value));
  };
}

/** Sends the beginning of an answer, and cuts the connection when it is on its way. */
export function sendAndCut(text: string, contentType: string): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': contentType });
    if (text === '') response.flushHeaders();
    // Long enough for the client to have read what was sent: a reset would throw that away.
    response.write(text === '' ? ' ' : text, () => response.socket?.end());
  };
}
