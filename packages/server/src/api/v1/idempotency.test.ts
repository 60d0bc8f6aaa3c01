import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { AcceptedOperation, Execution, Problem } from '@volary/contract';
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

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  url = server.url,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function keyed(key: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { 'idempotency-key': key, ...more };
}

function reasonOf({ text }: Answer): string {
  const problem: Problem = JSON.parse(text);
  return problem.reason;
}

function operationOf({ text }: Answer): AcceptedOperation {
  return JSON.parse(text);
}

/** Sends a POST and goes away when `until` says so, without having read an answer. */
async function postAndLeave(
  path: string,
  body: unknown,
  key: string,
  until: () => Promise<unknown>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...keyed(key, more) };
  const sent = request(server.url + path, { method: 'POST', headers });
  const gone = new Promise<void>((resolve) => sent.once('error', () => resolve()));
  sent.end(JSON.stringify(body));
  await until();
  sent.destroy(new Error('left'));
  await gone;
}

describe('a repeated request', () => {
  it('is answered word for word as it was first, and takes effect once', async () => {
    const first = await post('/v1/vms', { name: 'once' }, keyed('create-once'));
    await client.operations.finish(operationOf(first).id);

    const again = await post('/v1/vms', { name: 'once' }, keyed('create-once'));

    expect(first.status).toBe(202);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  });

  it('with `Prefer: wait` has the finished VM both times', async () => {
    const wait = keyed('create-waiting', { prefer: 'wait=30' });
    const first = await post('/v1/vms', { name: 'waited-for' }, wait);
    const again = await post('/v1/vms', { name: 'waited-for' }, wait);

    expect(first.status).toBe(201);
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([201, first.text, first.headers.get('etag')]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('has the same error when its operation has failed', async () => {
    const body = { name: 'doomed', labels: { 'simulate.start_error': 'internal' } };
    const wait = keyed('create-doomed', { prefer: 'wait=30' });
    const first = await post('/v1/vms', body, wait);
    const again = await post('/v1/vms', body, wait);

    expect([first.status, reasonOf(first)]).toEqual([500, 'driver.simulated_fault']);
    expect([again.status, again.text]).toEqual([500, first.text]);
  });

  it('with another body or path under the same key is refused with 422', async () => {
    await post('/v1/vms', { name: 'fixed', start: false }, keyed('fixed'));

    for (const [path, body] of [
      ['/v1/vms', { name: 'other' }],
      ['/v1/vms/fixed/start', {}],
    ] as const) {
      const other = await post(path, body, keyed('fixed'));
      expect([other.status, reasonOf(other)]).toEqual([422, 'idempotency.key_reused']);
    }
  });

  it('is told to wait while the first one is being answered', async () => {
    const body = { name: 'slow', labels: { 'simulate.agent': 'late:1500' } };
    const wait = keyed('create-slow', { prefer: 'wait=30' });
    const first = post('/v1/vms', body, wait);
    await expect.poll(() => client.vms.list({ name: 'slow' })).toMatchObject({ items: [{}] });

    const second = await post('/v1/vms', body, wait);

    expect([second.status, reasonOf(second)]).toEqual([409, 'idempotency.in_progress']);
    expect(second.headers.get('retry-after')).toBe('1');
    const answered = await first;
    expect((await post('/v1/vms', body, wait)).text).toBe(answered.text);
  });

  it('that was refused before it took effect may be sent again, changed or not', async () => {
    const refused = await post('/v1/vms', { name: 'first' }, keyed('free'));

    const changed = await post('/v1/vms', { name: 'free', start: false }, keyed('free'));

    expect([refused.status, changed.status]).toEqual([409, 202]);
    expect(changed.headers.get('idempotency-replayed')).toBeNull();
  });

  it.each(['', 'x'.repeat(256), 'schl\xfcssel'])('needs a key that is one, on every POST: %j', async (key) => {
    const { items } = await client.executions.list('first');
    const id = items[0]?.id ?? (await client.executions.detach('first', { argv: ['true'] })).id;
    for (const path of ['/v1/vms', `/v1/executions/${id}/resize`]) {
      const refused = await post(path, path === '/v1/vms' ? {} : { rows: 1, columns: 1 }, keyed(key));

      const problem: Problem = JSON.parse(refused.text);
      expect(problem).toMatchObject({ status: 400, errors: [{ field: 'Idempotency-Key' }] });
    }
  });

  it('sent many times at once makes one VM, and all learn of it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/v1/vms', { start: false }, keyed('stampede'))),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    const last = await post('/v1/vms', { start: false }, keyed('stampede'));

    expect(accepted.length).toBeGreaterThan(0);
    expect(new Set([...accepted, last].map((answer) => operationOf(answer).vm?.id)).size).toBe(1);
    for (const { status } of answers) expect([202, 409]).toContain(status);
  });
});

describe('a request whose caller has gone', () => {
  it('goes on, and is answered from what it has come to', async () => {
    const body = { name: 'patient', labels: { 'simulate.agent': 'silent' } };
    const isThere = () => expect.poll(() => client.vms.list({ name: 'patient' })).toMatchObject({ items: [{}] });
    await postAndLeave('/v1/vms', body, 'patient', isThere, { prefer: 'wait=60' });
    const { items } = await client.operations.list({ vm: 'patient' });

    // The server may take a moment to see that nobody is there any more.
    const again = async () => operationOf(await post('/v1/vms', body, keyed('patient')));

    await expect.poll(again).toMatchObject({ id: items[0]?.id, state: 'running', vm: { name: 'patient' } });
  });
});

describe('a command', () => {
  const append = { command: 'printf x >> /root/ran; cat /root/ran' };

  it('is run once; its stream is given again from the first byte', async () => {
    const first = await post('/v1/vms/first/exec', append, keyed('append'));
    const again = await post('/v1/vms/first/exec', append, keyed('append'));

    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const typesOf = ({ text }: Answer): readonly string[] =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type);
    expect(typesOf(again)).toEqual(['started', 'stdout', 'completed']);
    expect(again.text).toContain('"data":"x"');
    expect(lastLine(again)).toEqual(lastLine(first));
  });

  it('is run once also when it is waited for, or left to itself', async () => {
    for (const [more, accept] of [
      [{}, 'application/json'],
      [{ detach: true }, '*/*'],
    ] as const) {
      const headers = keyed(`run-${accept}`, { accept });
      const first = await post('/v1/vms/first/exec', { argv: ['echo', 'hi'], ...more }, headers);
      const again = await post('/v1/vms/first/exec', { argv: ['echo', 'hi'], ...more }, headers);

      expect([again.status, again.text]).toEqual([first.status, first.text]);
    }
  });

  it('whose caller has gone is joined by the one who comes back', async () => {
    const body = { argv: ['cat'], stdin: true };
    const running = async (): Promise<readonly Execution[]> =>
      (await client.executions.list('first')).items.filter(
        ({ argv, state }) => argv[0] === 'cat' && state === 'running',
      );
    await postAndLeave('/v1/vms/first/exec', body, 'left', () => expect.poll(running).toHaveLength(1));
    const id = (await running())[0]?.id ?? '';

    const again = post('/v1/vms/first/exec', body, keyed('left'));
    await fetch(`${server.url}/v1/executions/${id}/stdin?end=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      body: 'hello',
    });

    expect((await again).text).toContain('"data":"hello"');
    expect(lastLine(await again)).toMatchObject({ execution: { id, exit_code: 0 } });
  });
});

function lastLine({ text }: Answer): unknown {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}

describe('what is done in a guest', () => {
  it('is done once, and answered as it was first', async () => {
    await client.files.write('first', '/root/here', 'x');
    const body = { from: '/root/here', to: '/root/there' };
    const first = await post('/v1/vms/first/files/rename', body, keyed('rename'));
    const again = await post('/v1/vms/first/files/rename', body, keyed('rename'));

    expect([first.status, again.status, again.text]).toEqual([204, 204, '']);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('may be tried again when the guest refused it', async () => {
    const body = { from: '/root/late', to: '/root/renamed' };
    const refused = await post('/v1/vms/first/files/rename', body, keyed('late'));
    await client.files.write('first', '/root/late', 'x');

    expect([refused.status, (await post('/v1/vms/first/files/rename', body, keyed('late'))).status]).toEqual([
      404, 204,
    ]);
  });
});

describe('what is kept of a request', () => {
  // It is disabled: nothing is sent there.
  const body = { url: 'https://93.184.215.14/', secret: 'a-short-secret!!', is_enabled: false };

  /** Each digest by which somebody who reads the files could try what the secret is. */
  function guesses(): readonly string[] {
    const text = JSON.stringify(body);
    const texts = [text, `POST /v1/webhooks\n${text}`, body.secret];
    return texts.flatMap((each) => (['hex', 'base64', 'base64url'] as const).map((form) => hash('sha256', each, form)));
  }

  it('is no digest that a secret in it could be guessed by, and tells the request after a restart and a change of the key', async () => {
    const first = await post('/v1/webhooks', body, keyed('with a secret'));
    await client.secrets.rotateKey();
    server = await server.killAndStartAnother();
    client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });

    const again = await post('/v1/webhooks', body, keyed('with a secret'));
    const other = await post('/v1/webhooks', { ...body, secret: 'another-short-one' }, keyed('with a secret'));

    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect([other.status, reasonOf(other)]).toEqual([422, 'idempotency.key_reused']);
    const names = readdirSync(server.dataDir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const bytes = names.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n');
    expect(bytes).toContain('with a secret');
    for (const guess of [...guesses(), body.secret]) expect(bytes).not.toContain(guess);
  });
});

describe('a server that is killed', () => {
  it('is followed by one that knows what was answered, and what took effect without an answer', async () => {
    const url = (): string => server.url;
    const answered = await post('/v1/vms', { name: 'answered', start: false }, keyed('answered'));
    const body = { name: 'unanswered', labels: { 'simulate.agent': 'late:2000' } };
    const cut = post('/v1/vms', body, keyed('unanswered', { prefer: 'wait=60' })).catch(() => null);
    await expect.poll(() => client.vms.list({ name: 'unanswered' })).toMatchObject({ items: [{}] });
    const { items } = await client.operations.list({ vm: 'unanswered' });

    server = await server.killAndStartAnother();
    client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });

    expect(await cut).toBeNull();
    const again = await post('/v1/vms', { name: 'answered', start: false }, keyed('answered'), url());
    expect([again.status, again.text]).toEqual([202, answered.text]);
    const late = await post('/v1/vms', body, keyed('unanswered', { prefer: 'wait=60' }), url());
    expect([late.status, late.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(JSON.parse(late.text)).toMatchObject({ name: 'unanswered', phase: 'running', incarnation: 1 });
    expect((await client.operations.get(items[0]?.id ?? '')).state).toBe('succeeded');
    expect((await client.operations.list({ kind: 'vm.create', vm: 'unanswered' })).items).toHaveLength(1);
  });
});
