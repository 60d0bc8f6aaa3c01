/** What one caller can do to all others by holding on to connections: on real sockets, with limits small enough to be reached. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { routes } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import type { Log } from '../ports/log.ts';
import { API_DEFAULTS, type ApiLimits } from './limits.ts';
import { createListener } from './listener.ts';
import { createOccupancy } from './occupancy.ts';
import { createUpgrades } from './realtime/upgrades.ts';
import { type RunningApi, runApi } from './testing/run-api.ts';
import { ADMIN_KEY } from './testing/run-server.ts';
import { send } from './testing/send.ts';

const HEAD = 'GET /v1/vms HTTP/1.1\r\nhost: x\r\n';
const authorization = `Bearer ${ADMIN_KEY}`;

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const portOf = ({ url }: RunningApi): number => Number(new URL(url).port);

describe('a connection', () => {
  it.each([
    ['that sends nothing', ''],
    ['whose headers never end', HEAD],
    ['whose headers drip', `${HEAD}x-a: b\r\n`],
  ])('%s is answered and closed when the time is over', async (_what, sent) => {
    await using api = await runApi({ limits: { headerMs: 100 } });
    const socket = await open(portOf(api));
    socket.write(sent);
    const drip = setInterval(() => sent !== '' && socket.writable && socket.write('x-more: y\r\n'), 30);

    const answer = await text(socket);
    clearInterval(drip);

    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"reason":"request.timeout"');
  });

  it('that asks for nothing more is closed after a while', async () => {
    await using api = await runApi({ limits: { keepAliveMs: 50 } });
    const socket = await open(portOf(api));
    socket.write(`${HEAD}\r\n`);

    expect(await text(socket)).toMatch(/^HTTP\/1.1 401 /);
  });

  it('may not have larger headers than are accepted', async () => {
    await using api = await runApi({ limits: { headerBytes: 2_048 } });
    const socket = await open(portOf(api));
    socket.write(`${HEAD}a: ${'a'.repeat(2_048)}\r\n\r\n`);

    expect(await text(socket)).toContain('"reason":"request.headers_too_large"');
  });
});

describe('connections', () => {
  const told: unknown[] = [];
  const log: Log = { debug() {}, info() {}, warn: (_, fields) => told.push(fields), error() {}, child: () => log };

  /** How many of five connections are kept open. */
  async function keptOf(limits: Partial<ApiLimits>, crowded: 'crowded' | 'single' = 'single'): Promise<number> {
    const ranges = crowded === 'crowded' ? [{ version: 4, bits: 0x7f00_0000n, prefixLength: 8 } as const] : [];
    const all = { ...API_DEFAULTS, ...limits };
    const { connections } = createOccupancy(all);
    const options = { tls: null, limits: all, connections, upgrades: createUpgrades(() => false) };
    const server = createListener((_, response) => response.end(), { ...options, crowded: ranges, log });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const sockets: Socket[] = [];
    let kept = 0;
    for (let i = 0; i < 5; i++) {
      const socket = await open(port);
      sockets.push(socket);
      // One that is not wanted is closed, any other one is answered.
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      const isKept = await Promise.race([
        once(socket, 'data').then(() => true),
        once(socket, 'close').then(() => false),
      ]);
      if (isKept) kept += 1;
    }
    for (const socket of sockets) socket.destroy();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    return kept;
  }

  it('are no more than there may be', async () => {
    expect(await keptOf({ connections: 3 })).toBe(3);
    expect(told.at(-1)).toEqual({ limit: 'connections', maximum: 3 });
  });

  it('of one address are no more than there may be', async () => {
    expect(await keptOf({ addressConnections: 2 })).toBe(2);
  });

  it('of an address behind which are many are counted all together alone', async () => {
    expect(await keptOf({ addressConnections: 2, connections: 4 }, 'crowded')).toBe(4);
  });

  it('that are closed make room for others', async () => {
    await using api = await runApi({ limits: { connections: 2 } });
    for (let i = 0; i < 6; i++) {
      const socket = await open(portOf(api));
      socket.write(`${HEAD}connection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1.1 401 /);
    }
  });
});

describe('streams', () => {
  const stream = async (api: RunningApi) =>
    await fetch(`${api.url}/v1/events`, { headers: { authorization, accept: 'text/event-stream' } });

  it.each([{ streams: 2 }, { callerStreams: 2 }])('are no more than there may be: %j', async (limits) => {
    await using api = await runApi({ limits });
    const open = [await stream(api), await stream(api)];
    const third = await stream(api);

    expect(open.map(({ status }) => status)).toEqual([200, 200]);
    expect(third.status).toBe(429);
    expect(await third.json()).toMatchObject({ reason: 'request.too_many_streams', details: { maximum: 2 } });
    expect((await send(api.url, routes.listVms, {})).status).toBe(200);

    for (const { body } of open) await body?.cancel();
    // The server learns of it when the connection is closed.
    await expect.poll(async () => (await send(api.url, routes.listEvents, {})).status).toBe(200);
  });

  it('of WebSockets count until they are closed', async () => {
    await using api = await runApi({ limits: { streams: 1 } });
    const protocols = ['volary.v1', `bearer.${encodeURIComponent(ADMIN_KEY)}`];
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/v1/events`, protocols);
    await once(socket, 'open');

    expect((await stream(api)).status).toBe(429);
    socket.close();
    await expect.poll(async () => (await send(api.url, routes.listEvents, {})).status).toBe(200);
  });
});

describe('bodies', () => {
  it('that are files have a limit of their own, told before or found on the way', async () => {
    await using api = await runApi({ limits: { uploadBytes: 1_000 } });
    const created = await send(api.url, routes.createVm, {
      headers: { prefer: 'wait=10' },
      body: { name: 'files' },
    });
    expect(created.status).toBeLessThan(300);
    const write = (size: number) =>
      send(api.url, routes.writeFile, {
        params: { ref: 'files' },
        query: { path: '/tmp/a' },
        body: new Uint8Array(size),
      });

    expect((await write(1_000)).status).toBe(200);
    const refused = await write(1_001);
    expect([refused.status, JSON.parse(refused.text).reason]).toEqual([413, 'request.too_large']);
  });

  it('of JSON have the limit that was set', async () => {
    await using api = await runApi({ limits: { jsonBytes: 100 } });
    const refused = await send(api.url, routes.createVm, { body: { metadata: { a: 'a'.repeat(100) } } });

    expect([refused.status, JSON.parse(refused.text).reason]).toEqual([413, 'request.too_large']);
  });
});

describe('a message on a WebSocket', () => {
  it('that is larger than may be closes it', async () => {
    await using api = await runApi({ limits: { messageBytes: 100 } });
    const protocols = ['volary.v1', `bearer.${encodeURIComponent(ADMIN_KEY)}`];
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/v1/events`, protocols);
    await once(socket, 'open');
    socket.send('x'.repeat(101));

    const [closed] = await once(socket, 'close');

    expect(closed.code).toBe(1009);
  });
});
