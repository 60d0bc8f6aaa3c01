/* What is open at a time counts once, whichever listener and face it came by. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { shakeHands } from './testing/event-socket.ts';
import { type RunningApi, runApi } from './testing/run-api.ts';
import { ADMIN_KEY, runServer } from './testing/run-server.ts';

const authorization = `Bearer ${ADMIN_KEY}`;
const SSE = { authorization, accept: 'text/event-stream' };

let open: Socket[] = [];
afterEach(() => {
  for (const socket of open) socket.destroy();
  open = [];
});

/** The status of the answer; what was let in stays open. */
async function stream(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  open.push(socket);
  const lines = Object.entries({ host: `${hostname}:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(String(answer))?.[1]);
}

async function socketAt(url: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const { status, connection } = await shakeHands(url, headers, '', path);
  if (connection !== null) {
    connection.on('error', () => undefined);
    open.push(connection);
  }
  return status;
}

async function endAll(): Promise<void> {
  const closed = open.map((socket) => (socket.destroyed ? null : once(socket, 'close')));
  for (const socket of open) socket.destroy();
  await Promise.all(closed);
  open = [];
}

describe('those who follow events', () => {
  it('are no more than there may be, by all faces together', async () => {
    await using api = await runApi({ limits: { eventReaders: 3 } });
    expect(await stream(`${api.url}/volant/api/v1/events/vms`, SSE)).toBe(200);
    expect(await socketAt(api.url, '/aetherium/api/v1/ws')).toBe(101);
    expect(await socketAt(api.url, '/novacron/v1/ws/events')).toBe(101);

    await expect.poll(async () => await stream(`${api.url}/v1/events`, SSE)).toBe(429);
    expect(await socketAt(api.url, '/aetherium/api/v1/ws')).toBe(429);
    expect(await stream(`${api.url}/volant/api/v1/events/vms`, SSE)).toBe(429);
    expect(await closeCode(api, '/novacron/v1/ws/events')).toBe(1013);

    await endAll();
    await expect.poll(async () => await stream(`${api.url}/v1/events`, SSE)).toBe(200);
  });

  it('are no more of one caller than may be, and others get in', async () => {
    await using api = await runApi({ limits: { callerEventReaders: 1 } });
    expect(await socketAt(api.url, '/aetherium/api/v1/ws')).toBe(101);

    expect(await stream(`${api.url}/v1/events`, SSE)).toBe(429);
    // Nobody but the user of this machine.
    expect(await stream(`${api.url}/volant/api/v1/events/vms`, { accept: SSE.accept })).toBe(200);
  });
});

describe('those who follow the log', () => {
  it('are no more than there may be, by all faces together', async () => {
    await using api = await runApi({ limits: { logReaders: 2 } });
    expect(await socketAt(api.url, '/aetherium/api/v1/ws')).toBe(101);
    expect(await socketAt(api.url, '/aetherium/api/v1/logs/stream')).toBe(101);

    expect(await stream(`${api.url}/v1/logs?follow=true`, { authorization })).toBe(429);
    expect(await socketAt(api.url, '/aetherium/api/v1/logs/stream')).toBe(429);
    expect(await socketAt(api.url, '/aetherium/api/v1/ws')).toBe(429);
    expect(await stream(`${api.url}/v1/events`, SSE)).toBe(200);
  });

  it('are so by a VM of NovaCron as well', async () => {
    await using api = await runApi({ limits: { logReaders: 1 } });
    const made = await fetch(`${api.url}/v1/vms`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'talker' }),
    });
    const { vm }: { vm: { id: string } } = JSON.parse(await made.text());
    const follow = async (): Promise<number> =>
      await stream(`${api.url}/novacron/v1/vms/${vm.id}/logs?follow=true`, { authorization });

    expect(await follow()).toBe(200);
    expect(await follow()).toBe(429);
    expect(await socketAt(api.url, '/aetherium/api/v1/logs/stream')).toBe(429);
  });

  it('give their place back when a socket asks for something else', async () => {
    await using api = await runApi({ limits: { logReaders: 1 } });
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/aetherium/api/v1/ws?api_key=${ADMIN_KEY}`);
    const received: string[] = [];
    socket.addEventListener('message', ({ data }) => received.push(String(data)));
    await once(socket, 'open');
    expect(await socketAt(api.url, '/aetherium/api/v1/logs/stream')).toBe(429);

    socket.send(JSON.stringify({ type: 'subscribe', topics: ['vms'] }));
    await expect.poll(() => received.some((text) => text.includes('"topics":["vms"]'))).toBe(true);

    expect(await socketAt(api.url, '/aetherium/api/v1/logs/stream')).toBe(101);
    socket.send(JSON.stringify({ type: 'subscribe' }));
    await expect.poll(() => received.some((text) => text.includes('"code":429'))).toBe(true);
    socket.close();
  });
});

describe('a server with several listeners', () => {
  it('has as many streams and connections as there may be, all together', async () => {
    await using server = await runServer({ VOLARY_MAX_STREAMS: '2', VOLARY_MAX_CONNECTIONS: '5' }, [
      ...['--listen', 'volant=127.0.0.1:0', '--listen', 'aetherium=127.0.0.1:0'],
    ]);
    const { volant = '', aetherium = '' } = server.faces;
    expect(await stream(`${volant}/api/v1/events/vms`, SSE)).toBe(200);
    expect(await socketAt(aetherium, '/api/v1/ws')).toBe(101);

    expect(await stream(`${server.url}/v1/events`, SSE)).toBe(429);
    // The refused one has its connection still: that is three of five.
    expect([await held(aetherium), await held(server.url), await held(volant)]).toEqual(['open', 'open', 'closed']);
    await endAll();
    await expect.poll(async () => await stream(`${server.url}/v1/events`, SSE)).toBe(200);
  });

  it('counts a socket for whom it turns out to be', async () => {
    await using api = await runApi({ limits: { callerStreams: 1 } });
    expect(await stream(`${api.url}/v1/events`, SSE)).toBe(200);
    const late = new WebSocket(`${api.url.replace('http', 'ws')}/aetherium/api/v1/ws`);
    await once(late, 'open');
    late.send(JSON.stringify({ type: 'authenticate', api_key: ADMIN_KEY }));
    const [{ code }] = await once(late, 'close');

    expect(code).toBe(1013);
  });
});

/** Whether a connection is kept, on which nothing is asked. */
async function held(url: string): Promise<'open' | 'closed'> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  open.push(socket);
  // A refusal is a reset where something has been sent.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  socket.write('GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  return await new Promise((resolve) => {
    socket.once('data', () => resolve('open'));
    socket.once('close', () => resolve('closed'));
  });
}

async function closeCode(api: RunningApi, path: string): Promise<number> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}?api_key=${ADMIN_KEY}`);
  const [{ code }] = await once(socket, 'close');
  return code;
}
