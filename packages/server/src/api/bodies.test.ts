import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { routes } from '@volary/contract';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPinoLog } from '../adapters/system/pino-log.ts';
import { limitBodyTime } from './body-time.ts';
import { acceptJsonBodies } from './json-body.ts';
import { API_DEFAULTS } from './limits.ts';
import { sendProblem } from './problem-reply.ts';
import { ADMIN_KEY, type RunningServer, runServer } from './testing/run-server.ts';
import { send } from './testing/send.ts';
import { requestBytes } from './v1/request-bytes.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; problem: unknown }> {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body,
  });
  return { status: answer.status, problem: await answer.json() };
}

describe('a JSON body', () => {
  it.each([
    ['null', 'request.invalid'],
    ['{"__proto__": {"a": 1}}', 'request.invalid'],
    ['{"labels": {"constructor": {"prototype": 1}}}', 'request.invalid'],
    ['{"name": "\\ud800"}', 'request.malformed_json'],
    ['{"name": "\\udc00\\ud800"}', 'request.malformed_json'],
  ])('%s is refused (%s)', async (body, reason) => {
    expect(await post('/v1/vms', body)).toMatchObject({ status: 400, problem: { reason } });
  });

  it('that is not UTF-8 is refused', async () => {
    const body = Uint8Array.from([...Buffer.from('{"name": "'), 0xff, ...Buffer.from('"}')]);

    expect(await post('/v1/vms', body)).toMatchObject({ status: 400, problem: { reason: 'request.malformed_json' } });
  });

  it('may hold whole characters, however they are written', async () => {
    expect(await post('/v1/vms', '{"metadata": {"face": "\\ud83d\\ude00"}, "start": false}')).toMatchObject({
      status: 202,
    });
  });

  it('is not waited for without end', async () => {
    const app = Fastify();
    const log = createPinoLog({ level: 'error' });
    app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, log));
    acceptJsonBodies(app, API_DEFAULTS);
    limitBodyTime(app, { bodyMs: 100 });
    app.post('/', async ({ body }) => ({ body }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    const address = app.server.address();
    const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{');

    const answer = await text(socket);

    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('request.timeout');
    await app.close();
  });

  it('is refused where none belongs, and so is a query', async () => {
    const answer = await send(server.url, routes.deleteVm, { params: { ref: 'x' }, body: { if_stopped: true } });

    expect([answer.status, JSON.parse(answer.text).reason]).toEqual([400, 'request.invalid']);
    expect(await post('/v1/vms?dry_run=true', '{}')).toMatchObject({
      status: 400,
      problem: { errors: [{ field: 'dry_run' }] },
    });
  });
});

describe('a streamed body', () => {
  it('may take its time, but no pause without end', async () => {
    const body = new Readable({ read: () => undefined });
    body.push('one');
    const chunks = requestBytes(body, { bodyMs: 50 });

    expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe('one');
    await expect(chunks.next()).rejects.toMatchObject({ reason: 'request.timeout' });
    body.destroy();
    await once(body, 'close');
  });
});
