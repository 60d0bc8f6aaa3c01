import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLokiClient, type LokiClient } from './loki-client.ts';
import { createLokiHttp, type LokiHttp } from './loki-http.ts';

const NO_LINES = JSON.stringify({ status: 'success', data: { resultType: 'streams', result: [] } });
const { signal } = new AbortController();

let loki: Server;
/** What becomes of a question for lines. */
let answer: (response: ServerResponse) => void;
let connections: Record<'pushes' | 'questions' | 'looks', LokiHttp>;
let client: LokiClient;

beforeEach(async () => {
  loki = createServer(({ url = '' }, response) => {
    if (url.startsWith('/loki/api/v1/query_range')) answer(response);
    else response.end('{}');
  });
  await once(loki.listen(0, '127.0.0.1'), 'listening');
  const address = loki.address();
  if (address === null || typeof address === 'string') throw new TypeError('it listens nowhere');
  const open = () => createLokiHttp({ url: `http://127.0.0.1:${address.port}`, tenant: null }, { connections: 1 });
  connections = { pushes: open(), questions: open(), looks: open() };
  client = createLokiClient(connections);
});
afterEach(async () => {
  for (const each of Object.values(connections)) each[Symbol.dispose]();
  loki.closeAllConnections();
  loki.close();
  await once(loki, 'close');
});

/** What came of so many questions at once: no lines, or why there was no answer. */
async function ask(count: number, timeoutMs: number): Promise<readonly string[]> {
  const query = { query: '{a="b"}', start: 0n, end: 1n, limit: 1, direction: 'forward' } as const;
  const asked = Array.from({ length: count }, () => client.range(query, { signal, timeoutMs }));
  const outcomes = await Promise.allSettled(asked);
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'answered' : outcome.reason.message));
}

describe('a Loki that many ask at once', () => {
  it('has its time for each from when it is asked, not while others are before it', async () => {
    answer = (response) => setTimeout(() => response.end(NO_LINES), 900);

    expect(await ask(4, 2_000)).toEqual(Array.from({ length: 4 }, () => 'answered'));
  });

  it('and that answers none of them is waited for by nobody for ever', async () => {
    answer = () => undefined;

    const came = await ask(20, 50);

    expect([came[0], came.at(-1)]).toEqual(['it did not answer in time', 'too many others ask it']);
    expect(new Set(came).size).toBe(2);
  });

  it('is well as long as it answers, however many wait for lines', async () => {
    const asked = Promise.withResolvers<ServerResponse>();
    answer = asked.resolve;
    const lines = ask(1, 60_000);
    const response = await asked.promise;

    expect(await client.whyNot({ signal })).toBeNull();
    response.end(NO_LINES);
    expect(await lines).toEqual(['answered']);
  });
});
