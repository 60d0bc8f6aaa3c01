import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { VolaryApiError, VolaryConnectionError } from './errors.ts';
import { sendJson, startScriptedServer } from './testing/scripted-server.ts';

const PROBLEM = {
  type: '/docs/errors#not_found',
  title: 'Not found',
  status: 404,
  code: 'not_found',
  reason: 'vm.unknown',
  detail: 'There is no VM x.',
  retryable: false,
  request_id: 'req_01kahx6z4vf8r9y6m3s2t1v0wv',
};

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('a request', () => {
  it('sends the key, the names as path segments, and lists as repeated parameters', async () => {
    await using server = await startScriptedServer(sendJson({ items: [], next_cursor: null }), sendJson({}));
    const client = createClient({ baseUrl: `${server.baseUrl}/`, apiKey: 'secret' });

    await client.vms.list({ limit: 3, phase: ['running', 'paused'] });
    await client.vms.get('../a b');

    expect(server.seen.map(({ path, query }) => `${path}?${query}`)).toEqual([
      '/v1/vms?limit=3&phase=running&phase=paused',
      '/v1/vms/..%2Fa%20b?',
    ]);
    expect(server.seen[0]?.headers.authorization).toBe('Bearer secret');
  });

  it('rejects with what the problem says', async () => {
    await using server = await startScriptedServer(sendJson(PROBLEM, 404, 'application/problem+json'));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const error = await errorOf(client.vms.get('x'));

    expect(error).toBeInstanceOf(VolaryApiError);
    expect(error).toMatchObject({
      status: 404,
      code: 'not_found',
      reason: 'vm.unknown',
      message: 'There is no VM x.',
      requestId: PROBLEM.request_id,
      operationId: null,
    });
  });

  it('rejects with the status when something else than the server answered', async () => {
    await using server = await startScriptedServer((response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await errorOf(client.vms.get('x'))).toMatchObject({
      status: 502,
      reason: 'client.foreign_answer',
      retryable: true,
    });
  });

  it('rejects with a connection error when nobody answers', async () => {
    const server = await startScriptedServer();
    await server[Symbol.asyncDispose]();
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await errorOf(client.capabilities())).toBeInstanceOf(VolaryConnectionError);
  });

  it('rejects with the reason of its signal', async () => {
    const abort = new AbortController();
    await using server = await startScriptedServer(() => abort.abort(new Error('enough')));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await errorOf(client.capabilities({ signal: abort.signal }))).toEqual(new Error('enough'));
  });

  it('names the revision that a change depends on', async () => {
    await using server = await startScriptedServer(sendJson({}));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await client.vms.stop('first', {}, { ifUnchangedSince: { id: 'vm_1', revision: 4 } });

    expect(server.seen[0]?.headers['if-match']).toBe('"vm_1.4"');
  });
});
