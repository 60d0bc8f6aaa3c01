import { createHash, randomBytes } from 'node:crypto';
import { routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

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

async function* inPieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < content.length; offset += 50_000) yield content.subarray(offset, offset + 50_000);
}

describe('a file', () => {
  it('goes in and comes out as it was', async () => {
    const content = randomBytes(8 * 1024 * 1024);
    const sent = createHash('sha256').update(content).digest('hex');

    const written = await client.files.write('first', '/root/big', inPieces(content), { mode: 0o600 });
    const file = await client.files.read('first', '/root/big');
    const received = createHash('sha256');
    for await (const chunk of file.content) received.update(chunk);

    expect(written).toEqual({ path: '/root/big', size_bytes: content.length });
    expect(file).toMatchObject({ sizeBytes: content.length, mode: 0o600 });
    expect(received.digest('hex')).toBe(sent);
  });

  it('may be empty, with a body or without one', async () => {
    await client.files.write('first', '/root/empty', '');
    const bare = await send(server.url, routes.writeFile, { params: { ref: 'first' }, query: { path: '/root/bare' } });

    expect(JSON.parse(bare.text)).toEqual({ path: '/root/bare', size_bytes: 0 });
    for (const path of ['/root/empty', '/root/bare']) {
      expect(await client.files.stat('first', path)).toMatchObject({ type: 'file', size_bytes: 0 });
    }
  });

  it('is refused in words, though all of it is still on its way', async () => {
    const content = inPieces(new Uint8Array(8 * 1024 * 1024));

    await expect(client.files.write('nobody', '/root/x', content)).rejects.toMatchObject({
      status: 404,
      reason: 'vm.unknown',
    });
  });

  it('takes any type of body for bytes', async () => {
    const headers = { 'content-type': 'application/json' };
    const ask = {
      params: { ref: 'first' },
      query: { path: '/root/not.json' },
      headers,
      body: new TextEncoder().encode('{"never'),
    };

    expect((await send(server.url, routes.writeFile, ask)).status).toBe(200);
    const read = await send(server.url, routes.readFile, {
      params: { ref: 'first' },
      query: { path: '/root/not.json' },
    });
    expect(read.text).toBe('{"never');
  });
});

describe('a folder', () => {
  it('lists its files page by page, and can be renamed and removed', async () => {
    await client.files.makeDirectory('first', '/root/dir/deep', { parents: true });
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await client.files.write('first', `/root/dir/deep/${name}`, name);

    const page = await client.files.list('first', '/root/dir/deep', { limit: 2 });
    const rest = await client.files.list('first', '/root/dir/deep', { limit: 200, cursor: page.next_cursor ?? '' });
    expect([...page.items, ...rest.items].map(({ name }) => name)).toEqual(names);
    expect(rest.next_cursor).toBeNull();

    await client.files.rename('first', '/root/dir', '/root/moved');
    expect((await client.files.stat('first', '/root/moved/deep')).type).toBe('directory');

    await client.files.remove('first', '/root/moved', { recursive: true });
    await expect(client.files.stat('first', '/root/moved')).rejects.toMatchObject({ reason: 'guest.no_such_file' });
  });
});
