import { generateKeyPairSync, sign } from 'node:crypto';
import { createClient, logIn } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../../adapters/system/system-clock.ts';
import { ADMIN_KEY } from '../../../engine/principals.test-kit.ts';
import { goodbyeOf, shakeHands } from '../../testing/event-socket.ts';
import { type RunningApi, runApi } from '../../testing/run-api.ts';

/* `Authorization: Bearer JWT_TOKEN`: the access tokens of the server's own logins. */

const PASSWORD = 'four quiet herons';
const VMS = '/aetherium/api/v1/vms';
const WS = '/aetherium/api/v1/ws';
const UNAUTHORIZED = { status: 401, body: { error: 'Unauthorized', message: expect.stringMatching(/\w/), code: 401 } };

/** How much later it is for the server than for this machine. */
let lateMs = 0;
let api: RunningApi;
beforeAll(async () => {
  const system = createSystemClock();
  api = await runApi({ clock: { ...system, now: () => system.now() + lateMs } });
  const admin = createClient({ baseUrl: api.url, apiKey: ADMIN_KEY });
  await admin.users.create({ name: 'ann', password: PASSWORD, roles: ['operator'] });
  await admin.users.create({ name: 'vera', password: PASSWORD, roles: ['viewer'] });
});
afterAll(() => api?.[Symbol.asyncDispose]());

const tokensOf = async (name: string) => await logIn({ baseUrl: api.url }, { name, password: PASSWORD });

async function ask(headers: Readonly<Record<string, string>>, body?: object) {
  const response = await fetch(`${api.url}${VMS}`, {
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer: unknown = JSON.parse(await response.text());
  return { status: response.status, body: answer };
}

const withToken = (token: string) => ({ authorization: `Bearer ${token}` });

/** Closed again as soon as it is there. */
async function open(token: string, how: 'header' | 'address' | 'protocol'): Promise<number> {
  const headers = {
    header: withToken(token),
    address: { authorization: '' },
    protocol: { authorization: '', 'sec-websocket-protocol': `bearer.${token}` },
  }[how];
  const answer = await shakeHands(api.url, headers, how === 'address' ? `?token=${token}` : '', WS);
  answer.connection?.destroy();
  return answer.status;
}

/** A token with one part of it written anew. */
function altered(token: string, change: (claims: Record<string, unknown>) => Record<string, unknown>): string {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const read: Record<string, unknown> = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return [head, Buffer.from(JSON.stringify(change(read))).toString('base64url'), signature].join('.');
}

describe('an access token of a login', () => {
  it('is who asks, with what that user may do', async () => {
    const { access_token: ann } = await tokensOf('ann');
    const { access_token: vera } = await tokensOf('vera');

    expect(await ask(withToken(ann), { name: 'by-token', vcpus: 1, memory_mb: 256 })).toMatchObject({ status: 202 });
    expect(await ask(withToken(vera))).toMatchObject({ status: 200, body: { total: 1 } });
    expect(await ask(withToken(vera), { name: 'not-made' })).toMatchObject({ status: 403, body: { code: 403 } });
    const { items } = await createClient({ baseUrl: api.url, apiKey: ADMIN_KEY }).vms.list();
    expect(items).toMatchObject([{ name: 'by-token', owner: 'ann' }]);
  });

  it('opens a socket in each of the ways that a socket has', async () => {
    const { access_token: token } = await tokensOf('ann');

    for (const how of ['header', 'address', 'protocol'] as const) expect(await open(token, how)).toBe(101);
  });

  it('is 401 when it has been changed, or signed by anybody else', async () => {
    const { access_token: token } = await tokensOf('vera');
    const { access_token: ann } = await tokensOf('ann');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const [head = '', claims = ''] = token.split('.');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    const theirs = sign('RSA-SHA256', Buffer.from(`${head}.${claims}`), privateKey).toString('base64url');

    for (const wrong of [
      altered(token, (all) => ({ ...all, exp: Number(all['exp']) + 3_600 })),
      // The claims of one, and the signature of another one.
      `${head}.${claims}.${ann.split('.')[2]}`,
      `${head}.${claims}.${theirs}`,
      `${head}.${claims}.`,
      `${unsigned}.${claims}.`,
    ]) {
      expect(await ask(withToken(wrong))).toEqual(UNAUTHORIZED);
      for (const how of ['header', 'address', 'protocol'] as const) expect(await open(wrong, how)).toBe(401);
    }
    expect((await ask(withToken(token))).status).toBe(200);
  });

  it('is 401 for a token that is meant to get another one', async () => {
    const { refresh_token: token } = await tokensOf('ann');

    expect(await ask(withToken(token))).toEqual(UNAUTHORIZED);
    expect(await open(token, 'address')).toBe(401);
  });

  it('is 401 when its hour is over', async () => {
    const { access_token: token } = await tokensOf('ann');
    expect((await ask(withToken(token))).status).toBe(200);

    lateMs += 3_600_000 + 6_000;

    expect(await ask(withToken(token))).toEqual(UNAUTHORIZED);
    for (const how of ['header', 'address', 'protocol'] as const) expect(await open(token, how)).toBe(401);
    expect((await ask(withToken((await tokensOf('ann')).access_token))).status).toBe(200);
  });

  it('is 401 after its login has ended, and so ends a socket that it has opened', async () => {
    const { access_token: token } = await tokensOf('ann');
    const socket = await shakeHands(api.url, withToken(token), '', WS);
    if (socket.connection === null) throw new Error('refused');
    const gone = goodbyeOf(socket.connection);

    await createClient({ baseUrl: api.url, apiKey: token }).auth.logOut();
    await gone;

    expect(await ask(withToken(token))).toEqual(UNAUTHORIZED);
  });
});
