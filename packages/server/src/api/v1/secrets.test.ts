import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

const VALUE = 'xyzzy-plugh-8f3a';

let server: RunningServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function ask(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(new URL(path, server.url), {
    method,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

describe('a request with a value', () => {
  it('is answered without it, whatever is wrong with the request', async () => {
    const asked = [
      ['POST', '/v1/secrets', { name: 'GOOD', value: VALUE }],
      ['POST', '/v1/secrets', { name: 'GOOD', value: VALUE }],
      ['POST', '/v1/secrets', { name: 'bad name', value: VALUE }],
      ['POST', '/v1/secrets', { name: 'OTHER', value: VALUE, more: VALUE }],
      ['POST', '/v1/secrets', { name: 'OTHER', value: [VALUE] }],
      ['POST', '/v1/secrets', { name: 'OTHER', value: VALUE.repeat(10_000) }],
      ['POST', '/v1/secrets', { name: 'OTHER', value: `${VALUE}!`, encoding: 'base64' }],
      ['POST', '/v1/secrets', `{"name": "OTHER", "value": "${VALUE}"`],
      ['POST', '/v1/secrets', `{"name": "OTHER", "value": ${VALUE}}`],
      ['PUT', '/v1/secrets/UNKNOWN', { value: VALUE }],
      ['PUT', '/v1/secrets/GOOD', { value: VALUE, encoding: VALUE }],
      ['PUT', '/v1/secrets/GOOD', { value: VALUE }],
      ['GET', '/v1/secrets/GOOD', undefined],
      ['GET', '/v1/secrets', undefined],
    ] as const;

    const answers = [];
    for (const [method, path, body] of asked) answers.push(await ask(method, path, body));

    expect(answers.map(({ status }) => status)).toEqual([
      ...[201, 409, 400, 400, 400, 400, 400, 400, 400, 404, 400, 200, 200, 200],
    ]);
    expect(answers.map(({ text }) => text).join('\n')).not.toContain(VALUE.slice(0, 8));
  });

  it('leaves nothing behind for a repetition, by which a value could be guessed', async () => {
    const key = { 'idempotency-key': 'secret-once' };

    expect((await ask('POST', '/v1/secrets', { name: 'ONCE', value: VALUE }, key)).status).toBe(201);
    // No digest of the first one is there to compare it with.
    expect((await ask('POST', '/v1/secrets', { name: 'TWICE', value: 'another' }, key)).status).toBe(201);
    expect((await ask('POST', '/v1/secrets', { name: 'ONCE', value: VALUE }, key)).status).toBe(409);
  });

  it('may be base64 with padding or without', async () => {
    for (const [name, value] of [
      ['PADDED', 'AP8='],
      ['BARE', 'AP8'],
    ] as const) {
      const { status, text } = await ask('POST', '/v1/secrets', { name, value, encoding: 'base64' });
      expect([status, JSON.parse(text)]).toMatchObject([201, { size_bytes: 2, is_text: false }]);
    }
  });
});

describe('what a VM is given', () => {
  it('is shown by name and place, and taken as it is shown', async () => {
    await ask('POST', '/v1/secrets', { name: 'GIVEN', value: VALUE });
    const secrets = [
      { name: 'GIVEN' },
      { name: 'GIVEN', env: 'T', file: '/run/secrets/t' },
      { name: 'GIVEN', file: '/run/secrets/u', mode: '440' },
    ];

    const { status } = await ask('POST', '/v1/vms', { name: 'bird', start: false, secrets });
    expect(status).toBe(202);

    const shown = JSON.parse((await ask('GET', '/v1/vms/bird')).text);
    expect(shown.secrets).toEqual([
      { name: 'GIVEN', env: 'GIVEN', file: null, mode: null },
      { name: 'GIVEN', env: 'T', file: '/run/secrets/t', mode: '0400' },
      { name: 'GIVEN', env: null, file: '/run/secrets/u', mode: '0440' },
    ]);
  });

  it.each([
    [[{ name: 'GIVEN', mode: '0400' }], 'request.invalid'],
    [[{ name: 'GIVEN', file: '/etc/shadow' }], 'request.invalid'],
    [[{ name: 'GIVEN', file: '/run/secrets/..' }], 'secret.invalid_grant'],
    [[{ name: 'GIVEN', file: '/run/secrets/a', mode: '4755' }], 'request.invalid'],
    [[{ name: 'GIVEN' }, { name: 'GIVEN' }], 'secret.invalid_grant'],
    [[{ name: 'GIVEN', value: VALUE }], 'request.invalid'],
  ])('is not %j', async (secrets, reason) => {
    const { status, text } = await ask('POST', '/v1/vms', { name: 'refused', secrets });

    expect([status, JSON.parse(text).reason]).toEqual([400, reason]);
  });
});
