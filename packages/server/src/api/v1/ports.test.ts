import { once } from 'node:events';
import { createClient, type PortConnection, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shakeHands } from '../testing/event-socket.ts';
import { type RunningApi, runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

/* Simulated guests have a port that echoes, 7, and one that speaks HTTP, 80. */

const ECHO = '/v1/vms/first/ports/7';

let api: RunningApi;
let client: VolaryClient;

beforeAll(async () => {
  api = await runApi({});
  client = createClient({ baseUrl: api.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'first' })).id);
  await client.operations.finish((await client.vms.create({ name: 'stopped', start: false })).id);
});
afterAll(() => api?.[Symbol.asyncDispose]());

async function readAll(connection: PortConnection): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const bytes of connection.input) parts.push(bytes);
  return Buffer.concat(parts);
}

/** A socket by hand, without a window, and all that it gets. */
async function openSocket(path = ECHO, url = api.url) {
  const socket = new WebSocket(url.replace('http', 'ws') + path, ['volary.v1', `bearer.${ADMIN_KEY}`]);
  socket.binaryType = 'arraybuffer';
  const received: (string | Buffer)[] = [];
  let notify = (): void => undefined;
  socket.addEventListener('message', ({ data }) => {
    received.push(data instanceof ArrayBuffer ? Buffer.from(data) : String(data));
    notify();
  });
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  await once(socket, 'open');
  return {
    socket,
    closed,
    received,
    bytes: () => Buffer.concat(received.filter((part) => Buffer.isBuffer(part))).toString(),
    async until(isEnough: () => boolean): Promise<void> {
      while (!isEnough()) {
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
  };
}

describe('a connection to a port of a VM', () => {
  it('carries bytes both ways, more than is ever kept, and each way ends by itself', async () => {
    await using connection = await client.ports.connect('first', 7);
    const piece = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));

    const written = (async () => {
      for (let i = 0; i < 60; i++) await connection.write(piece);
      await connection.end();
    })();
    const back = await readAll(connection);
    await written;

    expect(back.length).toBe(6_000_000);
    expect(back.equals(Buffer.concat(Array.from({ length: 60 }, () => piece)))).toBe(true);
    await expect(connection.write(piece)).rejects.toThrow(TypeError);
  });

  it('is one of fifty at once', async () => {
    const answers = Array.from({ length: 50 }, async (_, i) => {
      await using connection = await client.ports.connect('first', 7);
      await connection.write(Buffer.from(`${i} `.repeat(10_000)));
      await connection.end();
      return (await readAll(connection)).toString() === `${i} `.repeat(10_000);
    });

    expect((await Promise.all(answers)).every((isRight) => isRight)).toBe(true);
  });

  it('goes no further than its reader, and its writer than the guest', async () => {
    await using connection = await client.ports.connect('first', 7);
    let writtenBytes = 0;
    const flood = (async () => {
      for (;;) {
        await connection.write(new Uint8Array(65_536));
        writtenBytes += 65_536;
      }
    })();
    flood.catch(() => undefined);

    // A command after it has gone the same way, so that what could be written was.
    for (let i = 0; i < 20; i++) await client.executions.run('first', { argv: ['true'] });

    expect(writtenBytes).toBeGreaterThan(65_536);
    expect(writtenBytes).toBeLessThan(4 * 1024 * 1024);
  });

  it('needs no window', async () => {
    const { socket, until, bytes, received, closed } = await openSocket();

    socket.send('{"type":"end"}'.replace('end', 'taken').replace('}', ',"bytes":0}'));
    socket.send(Buffer.from('hello, '));
    socket.send(Buffer.from('world'));
    await until(() => bytes() === 'hello, world');
    socket.send('{"type":"end"}');

    expect(await closed).toEqual({ code: 1000, reason: '' });
    expect(received.at(-1)).toBe('{"type":"end"}');
  });

  it.each([
    ['no message', ['{"type":"no"}'], /none of the messages/],
    ['no JSON', ['{'], /none of the messages/],
    ['bytes after their end', ['{"type":"end"}', Buffer.from('x')], /after their end/],
    ['a second end', ['{"type":"end"}', '{"type":"end"}'], /ended before/],
    ['more taken than was sent', ['{"type":"taken","bytes":9}'], /more was taken/],
  ])('is closed when there comes %s', async (_what, messages, reason) => {
    const { socket, closed } = await openSocket('/v1/vms/first/ports/7?window=65536');

    for (const message of messages) socket.send(message);

    const end = await closed;
    // The second message may come when both ways have ended already.
    if (end.code !== 1000) expect(end).toEqual({ code: 1008, reason: expect.stringMatching(reason) });
  });

  it('is closed when more comes than its window lets', async () => {
    const { socket, closed } = await openSocket('/v1/vms/first/ports/7?window=65536');

    socket.send(Buffer.alloc(65_537));

    expect(await closed).toMatchObject({ code: 1008, reason: expect.stringMatching(/window/) });
  });

  it('is refused where nothing listens, in words', async () => {
    await expect(client.ports.connect('first', 9)).rejects.toMatchObject({
      status: 409,
      reason: 'port.refused',
      detail: 'Nothing listens on port 9 in first.',
    });
    expect(await shakeHands(api.url, {}, '', '/v1/vms/first/ports/9')).toMatchObject({
      status: 409,
      problem: { reason: 'port.refused' },
    });
  });

  it.each([
    ['/v1/vms/stopped/ports/7', {}, 409, 'vm.not_running'],
    ['/v1/vms/nobody/ports/7', {}, 404, 'vm.unknown'],
    ['/v1/vms/first/ports/0', {}, 400, 'request.invalid'],
    ['/v1/vms/first/ports/65536', {}, 400, 'request.invalid'],
    ['/v1/vms/first/ports/7?window=1', {}, 400, 'request.invalid'],
    [ECHO, { authorization: '' }, 401, 'auth.key_missing'],
    [ECHO, { origin: 'https://example.com' }, 403, 'request.foreign_origin'],
    [ECHO, { 'sec-websocket-protocol': 'other' }, 400, 'request.invalid'],
  ])('at %s with %j is refused with %i %s', async (path, headers, status, reason) => {
    expect(await shakeHands(api.url, headers, '', path)).toMatchObject({ status, problem: { reason } });
  });

  it('takes a permission of its own', async () => {
    await client.users.create({ name: 'vera', roles: ['viewer'] });
    const viewer = createClient({
      baseUrl: api.url,
      apiKey: (await client.apiKeys.create({ name: 'a', owner: 'vera' })).key,
    });
    const other = createClient({
      baseUrl: api.url,
      apiKey: (await client.apiKeys.create({ name: 'b', permissions: ['vm:port', 'vm:read'] })).key,
    });

    await expect(viewer.ports.connect('first', 7)).rejects.toMatchObject({ reason: 'access.denied' });
    await expect(viewer.ports.list('first')).rejects.toMatchObject({ reason: 'access.denied' });
    expect(await other.ports.check('first', 7)).toEqual({ port: 7, accepts: true });
    await expect(other.executions.run('first', { argv: ['true'] })).rejects.toMatchObject({ reason: 'access.denied' });
  });

  it('breaks off with its key', async () => {
    const { id, key } = await client.apiKeys.create({ name: 'short' });
    await using connection = await createClient({ baseUrl: api.url, apiKey: key }).ports.connect('first', 7);

    await client.apiKeys.revoke(id);

    await expect(readAll(connection)).rejects.toThrow('No answer');
  });

  it('breaks off with its machine', async () => {
    await client.operations.finish((await client.vms.create({ name: 'mayfly' })).id);
    await using connection = await client.ports.connect('mayfly', 7);
    await connection.write(Buffer.from('x'));

    await client.operations.finish((await client.vms.stop('mayfly', { force: true })).id);

    await expect(readAll(connection)).rejects.toMatchObject({ reason: 'guest.link_lost' });
  });

  it('wakes a VM that sleeps', async () => {
    await client.operations.finish((await client.vms.create({ name: 'sleeper', auto_wake: true })).id);
    await client.operations.finish((await client.vms.suspend('sleeper')).id);

    await using connection = await client.ports.connect('sleeper', 7);

    expect((await client.vms.get('sleeper')).phase).toBe('running');
    const [event] = (await client.events.list({ types: ['vm.resuming'], vm: 'sleeper' })).items;
    expect(event?.data).toMatchObject({ used_by: 'port' });
    await connection.end();
  });

  it('is one of 200 of a VM, and the next is refused until one has ended', async () => {
    const all = await Promise.all(Array.from({ length: 200 }, () => client.ports.connect('first', 7)));
    await expect(client.ports.connect('first', 7)).rejects.toMatchObject({ status: 429, reason: 'port.too_many' });
    expect((await client.executions.run('first', { argv: ['true'] })).execution.exit_code).toBe(0);

    await Promise.all(all.map((connection) => connection[Symbol.asyncDispose]()));

    expect(await client.ports.check('first', 7)).toEqual({ port: 7, accepts: true });
  });
});

describe('the ports of a VM', () => {
  it('are listed as its guest tells them', async () => {
    expect((await client.ports.list('first')).items).toEqual([
      { protocol: 'tcp', address: '0.0.0.0', port: 7, reachable: true },
      { protocol: 'tcp', address: '0.0.0.0', port: 80, reachable: true },
    ]);
  });
});

describe('a server that stops', () => {
  it('says so on each connection', async () => {
    await using other = await runApi({});
    const owner = createClient({ baseUrl: other.url, apiKey: ADMIN_KEY });
    await owner.operations.finish((await owner.vms.create({ name: 'first' })).id);
    const { closed } = await openSocket(ECHO, other.url);

    await other.close();

    expect(await closed).toEqual({ code: 1001, reason: 'server.stopping' });
  });
});
