import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'first' })).id);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The ids in a stream of server-sent events, as far as this many. */
async function idsOf(headers: Record<string, string>, count: number, search = ''): Promise<number[]> {
  const response = await fetch(`${server.url}/v1/events${search}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/event-stream', ...headers },
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk);
    if (text.split('\ndata: ').length > count) break;
  }
  return [...text.matchAll(/^id: (\d+)\nevent: /gm)].slice(0, count).map((match) => Number(match[1]));
}

describe('the log of events', () => {
  it.each(['after=1e3', 'after=0x1', 'after=%2B1', 'after=%201', 'after=', 'limit=1e1', 'after=1.0'])(
    'refuses %s: a number is written in digits',
    async (query) => {
      const response = await fetch(`${server.url}/v1/events?${query}`, {
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      });

      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        ...{
          reason: 'request.invalid',
          errors: [{ field: query.split('=')[0], allowed: { minimum: expect.any(Number) } }],
        },
      });
    },
  );

  it('lets nobody in by a key among protocols that opens no WebSocket', async () => {
    const headers = { 'sec-websocket-protocol': `volary.v1, bearer.${encodeURIComponent(ADMIN_KEY)}` };
    const response = await fetch(`${server.url}/v1/events`, { headers });

    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ reason: 'auth.key_missing' });
  });

  it('pages from its start, without a gap', async () => {
    const page = await client.events.list({ after: 0, limit: 3 });
    const next = await client.events.list({ after: Number(page.next_cursor), limit: 3 });

    expect([...page.items, ...next.items].map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is filtered by type and by VM', async () => {
    const { items } = await client.events.list({
      after: 0,
      types: ['vm.created', 'vm.started'],
      vm: 'first',
      limit: 200,
    });

    expect(items.map(({ type }) => type)).toEqual(['vm.created', 'vm.started']);
  });

  it('streams from `after` on, and resumes after Last-Event-ID', async () => {
    expect(await idsOf({}, 3, '?after=1')).toEqual([2, 3, 4]);
    expect(await idsOf({ 'last-event-id': '3' }, 2, '?after=1')).toEqual([4, 5]);
  });

  it.each(['x', '0x1', '1e3', '+1', '-1', '9007199254740993'])(
    'refuses the Last-Event-ID %s, which is none',
    async (id) => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/event-stream', 'last-event-id': id };
      const response = await fetch(`${server.url}/v1/events`, { headers });

      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ field: 'Last-Event-ID' }] });
    },
  );

  it('tells what happens while it is followed, each event once', async () => {
    const { items } = await client.events.list({ after: 0, limit: 200 });
    const last = items.at(-1)?.sequence ?? 0;
    const seen: string[] = [];
    await client.operations.finish((await client.vms.pause('first')).id);
    void client.vms.resume('first');

    for await (const event of client.events.follow({ after: last, vm: 'first' })) {
      seen.push(event.type);
      if (event.type === 'vm.resumed') break;
    }

    expect(seen.filter((type) => type.startsWith('vm.'))).toEqual([
      'vm.pausing',
      'vm.paused',
      'vm.resuming',
      'vm.resumed',
    ]);
  });
});
