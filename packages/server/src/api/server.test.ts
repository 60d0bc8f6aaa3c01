import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from './testing/run-server.ts';

let server: RunningServer;

beforeAll(async () => {
  server = await runServer();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly problem: Record<string, unknown>;
}

async function ask(
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: string } = {},
): Promise<Asked> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, ...init.headers };
  const response = await fetch(server.url + path, {
    method,
    headers,
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, problem: text === '' ? {} : JSON.parse(text) };
}

/** What comes back for bytes that need be no HTTP. */
async function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.write(request);
  await once(socket, 'close');
  return answer;
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a request that is not as it should be', () => {
  it.each([
    ['POST', '/v1/vms', JSON_TYPE, '{', 400, 'request.malformed_json'],
    ['POST', '/v1/vms', JSON_TYPE, '{"name":"a"}}', 400, 'request.malformed_json'],
    ['POST', '/v1/vms', JSON_TYPE, '{"__proto__":{"admin":true}}', 400, 'request.invalid'],
    ['POST', '/v1/vms', JSON_TYPE, '['.repeat(500_000), 400, 'request.too_deep'],
    ['POST', '/v1/vms', JSON_TYPE, `{"metadata":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 400, 'request.too_deep'],
    ['POST', '/v1/vms', JSON_TYPE, `"${'a'.repeat(1_100_000)}"`, 413, 'request.too_large'],
    ['POST', '/v1/vms', JSON_TYPE, '[]', 400, 'request.invalid'],
    ['POST', '/v1/vms', { 'content-type': 'text/plain' }, 'name=a', 415, 'request.unsupported_media_type'],
    [
      'POST',
      '/v1/vms',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'a=b',
      415,
      'request.unsupported_media_type',
    ],
    ['GET', '/v1/vms/%zz', {}, undefined, 400, 'request.malformed'],
    ['GET', '/v1/nothing', {}, undefined, 404, 'route.unknown'],
    ['GET', '/', {}, undefined, 404, 'route.unknown'],
  ] as const)('%s %s %j is told so as a problem', async (method, path, headers, body, status, reason) => {
    const answer = await ask(method, path, { headers, ...(body === undefined ? {} : { body }) });

    expect([answer.status, answer.problem['reason']]).toEqual([status, reason]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('x-request-id')).toBe(answer.problem['request_id']);
  });

  it('is told which methods there are', async () => {
    const answer = await ask('PUT', '/v1/vms');

    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST, GET');
  });

  it.each([
    ['a broken header', 'GET / HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n', '400 Bad Request', 'request.malformed'],
    [
      'endless headers',
      `GET / HTTP/1.1\r\nhost: x\r\na: ${'a'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      'request.headers_too_large',
    ],
    ['no HTTP at all', '\x16\x03\x01 hello\r\n\r\n', '400 Bad Request', 'request.malformed'],
  ])('that has %s is answered though it is none', async (_what, request, status, reason) => {
    const answer = await raw(request);

    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(answer).toContain(`"reason":"${reason}"`);
    expect(answer).toMatch(/x-request-id: req_/);
  });
});

describe('the server', () => {
  it('takes its key in either header', async () => {
    expect((await ask('GET', '/v1/vms', { headers: { 'x-api-key': ADMIN_KEY, authorization: '' } })).status).toBe(401);
    const response = await fetch(`${server.url}/v1/vms`, { headers: { 'x-api-key': ADMIN_KEY } });
    expect(response.status).toBe(200);
  });

  it('says how to identify oneself', async () => {
    const answer = await ask('GET', '/v1/vms', { headers: { authorization: 'Bearer nonsense' } });

    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('answers HEAD where it answers GET', async () => {
    const response = await fetch(`${server.url}/readyz`, { method: 'HEAD' });

    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('describes itself as the checked in document does', async () => {
    const { problem } = await ask('GET', '/v1/openapi.json');

    expect(problem).toMatchObject({ openapi: '3.1.0', info: { title: 'Volary' } });
  });

  it('never writes the key to its log', async () => {
    await ask('GET', '/v1/vms');
    await ask('GET', '/v1/vms', { headers: { authorization: 'Bearer another-secret-key' } });

    expect(server.log()).toContain('request answered');
    expect(server.log()).not.toContain(ADMIN_KEY);
    expect(server.log()).not.toContain('another-secret-key');
  });
});

describe('a server that stops', () => {
  it('ends streams and waits, takes nothing new, and exits with 0', async () => {
    await using own = await runServer();
    const client = createClient({ baseUrl: own.url, apiKey: ADMIN_KEY });
    await client.operations.finish((await client.vms.create({ name: 'first' })).id);
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/event-stream' };
    // First of all, so that it has arrived when the others are answered.
    const waiting = fetch(`${own.url}/v1/vms/first/wait?phase=stopped&timeout=60`, { headers });
    const events = await fetch(`${own.url}/v1/events?after=0`, { headers });
    const command = await fetch(`${own.url}/v1/vms/first/exec`, {
      method: 'POST',
      headers: { ...headers, ...JSON_TYPE, accept: 'application/x-ndjson' },
      body: '{"argv":["cat"],"stdin":true}',
    });
    const reader = events.body?.getReader();
    await reader?.read();

    const exitCode = await own.stop();

    expect(exitCode).toBe(0);
    expect((await command.text()).trim().split('\n').at(-1)).toContain('"reason":"server.stopping"');
    expect(await (await waiting).json()).toMatchObject({ status: 503, reason: 'server.stopping' });
    await expect(readAll(reader)).resolves.toMatch(/\n\n$/);
  });
});

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<string> {
  let text = '';
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
    text += new TextDecoder().decode(part.value);
  return text;
}
