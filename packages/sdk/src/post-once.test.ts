import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { VolaryConnectionError } from './errors.ts';
import { type Answer, sendAndCut, sendJson, startScriptedServer } from './testing/scripted-server.ts';

const ACCEPTED = { id: 'op_1', state: 'pending' };

function problem(reason: string, code: string, status: number): Answer {
  const body = { code, reason, status, detail: '', title: '', type: '', retryable: true, request_id: 'r' };
  return sendJson(body, status, 'application/problem+json');
}

const cut: Answer = (response) => void response.socket?.destroy();

describe('a change', () => {
  it('is sent again under the same key when the connection breaks before its answer, or within it', async () => {
    await using server = await startScriptedServer(cut, sendAndCut('{"id":', 'application/json'), sendJson(ACCEPTED));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await client.vms.create({ name: 'first' })).toEqual(ACCEPTED);

    const keys = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(server.seen.map(({ body }) => String(body))).size).toBe(1);
  });

  it('has a key of its own each time it is asked for, or the one that was given', async () => {
    await using server = await startScriptedServer(sendJson(ACCEPTED));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await client.vms.start('first');
    await client.vms.start('first');
    await client.vms.start('first', { idempotencyKey: 'mine' });
    await client.operations.cancel('op_1', { idempotencyKey: 'mine too' });

    const keys = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(4);
    expect(keys.slice(2)).toEqual(['mine', 'mine too']);
  });

  it.each([
    ['idempotency.in_progress', 'aborted', 409],
    ['server.stopping', 'unavailable', 503],
  ])('is sent again after %s', async (reason, code, status) => {
    await using server = await startScriptedServer(problem(reason, code, status), sendJson(ACCEPTED));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await client.vms.stop('first')).toEqual(ACCEPTED);
  });

  it.each([
    ['host.no_memory', 'resource_exhausted', 429],
    ['idempotency.key_reused', 'invalid_argument', 422],
    ['operation.cancelled', 'aborted', 409],
  ])('is not sent again after %s', async (reason, code, status) => {
    await using server = await startScriptedServer(problem(reason, code, status));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(client.vms.create()).rejects.toMatchObject({ reason });
    expect(server.seen).toHaveLength(1);
  });

  it('is not waited for where nobody listens', async () => {
    const server = await startScriptedServer();
    await server[Symbol.asyncDispose]();
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
    const startedMs = performance.now();

    await expect(client.vms.create()).rejects.toBeInstanceOf(VolaryConnectionError);

    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it.each([
    'ENOTFOUND',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ])('is not sent to whoever is not reached: %s', async (code) => {
    let count = 0;
    const failing: typeof fetch = async () => {
      count++;
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
    };
    const client = createClient({ baseUrl: 'https://box:1', apiKey: 'k', fetch: failing });

    await expect(client.vms.create()).rejects.toBeInstanceOf(VolaryConnectionError);

    expect(count).toBe(1);
  });

  it('ends with its signal also between two tries', async () => {
    const abort = new AbortController();
    await using server = await startScriptedServer((response) => {
      response.socket?.destroy();
      setImmediate(() => abort.abort(new Error('enough')));
    });
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(client.vms.create({}, { signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('a command', () => {
  it('whose stream is cut before it says that it began is asked for again, under the same key', async () => {
    const execution = { id: 'exec_1', state: 'exited' };
    const lines = [
      { type: 'started', execution },
      { type: 'stdout', offset: 0, data: 'hi', encoding: 'utf8' },
      { type: 'completed', execution },
    ];
    const whole: Answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    };
    await using server = await startScriptedServer(sendAndCut('', 'application/x-ndjson'), whole);
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const { stdout } = await client.executions.run('first', { argv: ['echo', 'hi'] });

    expect(new TextDecoder().decode(stdout)).toBe('hi');
    expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });
});
