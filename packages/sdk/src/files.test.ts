import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { collect } from './testing/collect.ts';
import { sendJson, startScriptedServer } from './testing/scripted-server.ts';

describe('files', () => {
  it('are written from a stream, with mode and parents', async () => {
    await using server = await startScriptedServer(sendJson({ path: '/a b', size_bytes: 5 }));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
    async function* content() {
      yield new TextEncoder().encode('he');
      yield new TextEncoder().encode('llo');
    }

    await client.files.write('first', '/a b', content(), { mode: 0o4755, parents: true });

    const [request] = server.seen;
    expect(request?.query.toString()).toBe('path=%2Fa+b&mode=04755&parents=true');
    expect(Buffer.from(request?.body ?? []).toString()).toBe('hello');
  });

  it('reject when their source does', async () => {
    await using server = await startScriptedServer(sendJson({}));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
    async function* content() {
      yield new TextEncoder().encode('he');
      throw new Error('the disk is gone');
    }

    await expect(client.files.write('first', '/a', content())).rejects.toThrow('the disk is gone');
  });

  it('are read with what is known of them', async () => {
    await using server = await startScriptedServer((response) =>
      response
        .writeHead(200, {
          'x-file-mode': '4755',
          'last-modified': 'Sat, 31 Jan 2026 12:00:00 GMT',
          'content-length': 5,
        })
        .end('hello'),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const file = await client.files.read('first', '/a');

    expect(file).toMatchObject({ sizeBytes: 5, mode: 0o4755, modifiedAt: new Date('2026-01-31T12:00:00Z') });
    expect(Buffer.concat(await collect(file.content)).toString()).toBe('hello');
  });

  it('that end early are told from those that are complete', async () => {
    await using server = await startScriptedServer((response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('hello', () => response.socket?.end());
    });
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const file = await client.files.read('first', '/a');

    await expect(collect(file.content)).rejects.toThrow('No answer');
  });
});
