import { LOG_MESSAGES, type LogLine, type LogMessage, type Problem } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCuttingProxy } from '../testing/cutting-proxy.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;
const soon = () => AbortSignal.timeout(20_000);
const OUT = { vm: 'bird', sources: ['stdout'] } as const;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  const command = Array.from({ length: 20 }, (_, at) => `echo line ${at}`).join('; ');
  const workload = { type: 'batch', command: `${command}; echo oh no >&2; sleep 600` } as const;
  await client.operations.finish((await client.vms.create({ name: 'bird', workload })).id);
  for await (const { message } of client.logs.follow({ vm: 'bird', tail: 100 }, { signal: soon() }))
    if (message === 'oh no') break;
  for await (const { message } of client.logs.follow({ ...OUT, tail: 100 }, { signal: soon() }))
    if (message === 'line 19') break;
});
afterAll(() => server?.[Symbol.asyncDispose]());

function ask(search: string, headers: Record<string, string> = {}): Promise<Response> {
  const signal = soon();
  return fetch(`${server.url}/v1/logs?${search}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
    signal,
  });
}

async function all(lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

const messagesOf = (lines: readonly LogLine[]): readonly string[] => lines.map(({ message }) => message);
const LINES = Array.from({ length: 20 }, (_, at) => `line ${at}`);

describe('the log', () => {
  it('is given page by page, in both directions, and as a whole', async () => {
    expect(messagesOf(await all(client.logs.listAll({ ...OUT, limit: 7 })))).toEqual(LINES);
    expect(messagesOf(await all(client.logs.listAll({ ...OUT, limit: 7, order: 'desc' })))).toEqual(LINES.toReversed());
    expect(messagesOf(await all(client.logs.export(OUT)))).toEqual(LINES);
  });

  it('is given as a whole from a line on', async () => {
    const [, , third] = (await client.logs.list(OUT)).items;
    const accept = 'application/x-ndjson';
    const texts = [
      await (await ask(`vm=bird&source=stdout&cursor=${third?.sequence}`, { accept })).text(),
      await (await ask('vm=bird&source=stdout', { accept, 'last-event-id': `${third?.sequence}` })).text(),
    ];
    for (const text of texts) {
      const lines: LogLine[] = text
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each));
      expect(messagesOf(lines)).toEqual(LINES.slice(3));
    }
    expect((await ask('cursor=9000000000000000', { accept })).status).toBe(400);
  });

  it('is given as a whole, each line once, through connections that break off', async () => {
    await using proxy = await startCuttingProxy(server.url, [2_000, 10, 3_000]);
    const { logs } = createClient({ baseUrl: proxy.url, apiKey: ADMIN_KEY });
    // Where nothing has been answered yet, that is an answer.
    await expect(all(createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: ADMIN_KEY }).logs.export())).rejects.toThrow(
      'No answer',
    );

    expect(messagesOf(await all(logs.export(OUT, { signal: soon() })))).toEqual(LINES);
    expect(proxy.connections).toBe(4);
  });

  it('is followed from its beginning', async () => {
    const seen: string[] = [];
    for await (const { message } of client.logs.follow({ ...OUT, after: 0 }, { signal: soon() }))
      if (seen.push(message) === LINES.length) break;

    expect(seen).toEqual(LINES);
    expect(messagesOf((await client.logs.list({ ...OUT, cursor: '0', limit: 2 })).items)).toEqual(LINES.slice(0, 2));
  });

  it.each(['order=desc', 'order=asc', 'limit=5', 'tail=5'])('is not given as a whole with %s', async (search) => {
    const response = await ask(search, { accept: 'application/x-ndjson' });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain(search.split('=')[0]);
  });

  it('is narrowed by what is asked for', async () => {
    const [first] = (await client.logs.list({ ...OUT, search: 'LINE 7' })).items;
    expect(first).toMatchObject({ message: 'line 7', level: 'info', source: 'stdout', owner: 'admin', marks: [] });
    const execution = first?.execution_id ?? '';
    expect(messagesOf((await client.logs.list({ execution, level: 'warn' })).items)).toEqual(['oh no']);
    const { items } = await client.logs.list({ vm: 'bird', search: 'operation.succeeded' });
    const operation = items[0]?.operation_id ?? '';
    expect((await client.logs.list({ operation, sources: ['operation'] })).items.length).toBeGreaterThan(1);
    const future = await client.logs.list({ since: '2100-01-01T00:00:00Z', until: '2101-01-01T00:00:00Z' });
    expect(future).toEqual({ items: [], next_cursor: null });
  });

  it('has what the server says of itself', async () => {
    for await (const { message } of client.logs.follow({ sources: ['server'], tail: 100 }, { signal: soon() }))
      if (message === 'listening') break;
  });

  it.each([
    ['level=loud', 'level'],
    ['source=radio', 'source'],
    ['limit=100000000', 'limit'],
    ['limit=0', 'limit'],
    ['order=sideways', 'order'],
    ['cursor=x', 'cursor'],
    ['since=yesterday', 'since'],
    ['since=2026-02-31T25:00:00Z', 'since'],
    [`q=${'x'.repeat(257)}`, 'q'],
    ['tail=5', 'tail'],
    ['follow=true&until=2026-01-31T12:00:00Z', 'until'],
    ['follow=true&tail=10001', 'tail'],
    ['follow=true&order=desc', 'order'],
  ])('refuses %s and says what it may be', async (search, field) => {
    const response = await ask(search);

    expect(response.status).toBe(400);
    const problem: Problem = JSON.parse(await response.text());
    expect(problem.reason).toBe('request.invalid');
    expect(JSON.stringify(problem)).toContain(field);
  });

  it.each([
    ['level=loud', ['debug', 'info', 'warn', 'error']],
    ['limit=500', { minimum: 1, maximum: 200 }],
  ])('tells for %s what is allowed', async (search, allowed) => {
    expect(await (await ask(search)).text()).toContain(JSON.stringify(allowed).slice(1, -1));
  });

  it.each([
    ['q=%20--%20', 400, 'logs.no_word'],
    ['since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z', 400, 'logs.empty_range'],
    ['cursor=9000000000000000', 400, 'logs.cursor_ahead'],
    ['follow=true&cursor=9000000000000000', 400, 'logs.cursor_ahead'],
    ['vm=nobody', 404, 'vm.unknown'],
  ])('answers %s with %i', async (search, status, reason) => {
    const response = await ask(search);
    const problem: Problem = JSON.parse(await response.text());
    expect({ status: response.status, reason: problem.reason }).toEqual({ status, reason });
  });

  it('takes what looks like a query language for words', async () => {
    for (const q of [
      '"line',
      'line OR oh',
      'NEAR(line 1)',
      'message:line',
      'li*',
      "'; DROP TABLE lines; --",
      '(.*a){50}',
    ])
      expect((await ask(`q=${encodeURIComponent(q)}`)).status).toBe(200);
  });
});

describe('following the log', () => {
  it('by server-sent events resumes after a line without a gap', async () => {
    const [, , third] = (await client.logs.list(OUT)).items;
    const response = await ask('vm=bird&source=stdout', {
      accept: 'text/event-stream',
      'last-event-id': `${third?.sequence}`,
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (text.includes('"line 19"')) break;
    }
    expect([...text.matchAll(/"message":"([^"]+)"/g)].map(([, message]) => message)).toEqual(LINES.slice(3));
  });

  it('by a WebSocket gives history and what comes, and speaks as the contract says', async () => {
    const address = `${server.url.replace('http', 'ws')}/v1/logs?vm=bird&tail=3&source=stdout&source=engine`;
    const socket = new WebSocket(address, ['volary.v1', `bearer.${encodeURIComponent(ADMIN_KEY)}`]);
    const messages: LogMessage[] = [];
    const isLive = Promise.withResolvers<void>();
    socket.addEventListener('message', ({ data }) => {
      messages.push(JSON.parse(String(data)));
      const last = messages.at(-1);
      if (last?.type === 'line' && last.line.message.startsWith('vm.updated')) isLive.resolve();
    });
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    socket.send('what is this');
    await client.vms.update('bird', { labels: { a: 'b' } });
    await isLive.promise;
    socket.close();

    const ajv = new Ajv({ strict: true, allowUnionTypes: true, addUsedSchema: false });
    ajvFormats.default(ajv);
    const plain = (schema: unknown) =>
      JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)));
    for (const message of messages)
      expect(ajv.validate(plain(LOG_MESSAGES[message.type]), message), JSON.stringify(message)).toBe(true);
    expect(messages[0]?.type).toBe('progress');
    expect(messages.filter(({ type }) => type === 'line').length).toBeGreaterThan(3);
    expect(messages.some(({ type }) => type === 'error')).toBe(true);
  });

  it('gives every line to each of many who follow', async () => {
    const signal = soon();
    const followers = Array.from({ length: 10 }, async () => {
      const seen: string[] = [];
      for await (const { message } of client.logs.follow({ ...OUT, since: '2020-01-01T00:00:00Z' }, { signal })) {
        seen.push(message);
        if (seen.length === LINES.length) return seen;
      }
      return seen;
    });
    for (const seen of await Promise.all(followers)) expect(seen).toEqual(LINES);
  });
});
