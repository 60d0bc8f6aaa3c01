import { createPublicKey, verify } from 'node:crypto';
import { createClient, logIn as logInToV1 } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAt, type NovacronServer, oneTimeCode, PASSWORD, startNovacron } from './novacron.test-kit.ts';

let here: NovacronServer;
beforeAll(async () => {
  here = await startNovacron();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

interface Login {
  readonly token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly user: { readonly id: string; readonly permissions: readonly string[] };
}
const LOGIN = { email: 'admin@example.com', password: PASSWORD };
const logIn = async (body: unknown) => await here.ask<Login>('POST', '/auth/login', body, null);
const fault = (status: number, code: string, more: object = {}) => ({
  status,
  body: { error: { code, message: expect.stringMatching(/\w/), ...more } },
});

describe('a login', () => {
  it('gives tokens and says who it is', async () => {
    const { status, headers, body } = await logIn(LOGIN);
    const user = await here.client.users.get('ann');

    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      token: expect.any(String),
      refresh_token: expect.any(String),
      expires_in: 3_600,
      user: { id: user.id, email: 'admin@example.com', role: 'admin', permissions: ['*'] },
    });
    expect((await here.ask('GET', '/vms', undefined, body.token)).status).toBe(200);
  });

  it('is signed by RS256, as the published keys say', async () => {
    const { token, refresh_token } = (await logIn(LOGIN)).body;
    const root = here.base.slice(0, -'/v1'.length);
    const { keys } = (
      await askAt<{ keys: readonly { kid: string }[] }>(root, {
        ...{ method: 'GET', path: '/.well-known/jwks.json', token: null },
      })
    ).body;

    for (const each of [token, refresh_token]) {
      const [head = '', claims = '', signature = ''] = each.split('.');
      const { alg, kid }: { alg: string; kid: string } = JSON.parse(Buffer.from(head, 'base64url').toString());
      const key = keys.find((one) => one.kid === kid);
      expect(alg).toBe('RS256');
      expect(
        verify(
          'RSA-SHA256',
          Buffer.from(`${head}.${claims}`),
          createPublicKey({ key: { ...key }, format: 'jwk' }),
          Buffer.from(signature, 'base64url'),
        ),
      ).toBe(true);
    }
  });

  it('shows what all roles of a user allow', async () => {
    await here.client.users.create({
      ...{ name: 'eve', email: 'eve@example.com', password: PASSWORD, roles: ['viewer', 'member'] },
    });
    const { user } = (await logIn({ email: 'eve@example.com', password: PASSWORD })).body;

    expect(user).toMatchObject({ role: 'viewer', permissions: expect.arrayContaining(['vm:read', '*@own']) });
  });

  it('asks for a second factor where there is one', async () => {
    await here.client.users.create({ name: 'bea', email: 'bea@example.com', password: PASSWORD, roles: ['viewer'] });
    const body = { email: 'bea@example.com', password: PASSWORD };
    const { token } = (await logIn(body)).body;
    const own = createClient({ baseUrl: here.server.url, apiKey: token });
    const { secret } = await own.auth.enrolMfa();
    const { recovery_codes: [code = ''] = [] } = await own.auth.confirmMfa(oneTimeCode(secret));

    expect(await logIn(body)).toMatchObject(fault(401, 'MFA_REQUIRED'));
    expect(await logIn({ ...body, mfa_code: '000000' })).toMatchObject(fault(401, 'UNAUTHORIZED'));
    expect((await logIn({ ...body, mfa_code: code })).status).toBe(200);
  });

  it('is refused alike for a wrong password and for nobody at all', async () => {
    const wrong = await logIn({ ...LOGIN, password: 'wrong' });
    const nobody = await logIn({ ...LOGIN, email: 'nobody@example.com' });

    expect(wrong).toMatchObject(fault(401, 'UNAUTHORIZED'));
    expect(nobody.body).toEqual(wrong.body);
  });

  it('names each field that is wrong', async () => {
    expect(await logIn({ email: 7, password: PASSWORD, otp: '1' })).toMatchObject(
      fault(400, 'INVALID_REQUEST', {
        details: expect.arrayContaining([
          { field: 'email', message: expect.any(String) },
          { field: 'otp', message: 'is not known' },
        ]),
      }),
    );
  });
});

describe('a refresh token', () => {
  const refresh = async (token: string | null) => await here.ask<Login>('POST', '/auth/refresh', undefined, token);

  it('gives new tokens again and again, and stays the same', async () => {
    const { refresh_token } = (await logIn(LOGIN)).body;
    for (let i = 0; i < 2; i++) {
      const { status, body } = await refresh(refresh_token);

      expect(status).toBe(200);
      expect(body).toEqual({ token: expect.any(String), expires_in: 3_600 });
      expect((await here.ask('GET', '/vms', undefined, body.token)).status).toBe(200);
    }
  });

  it('is no access token, nor is one of those a refresh token', async () => {
    const { token, refresh_token } = (await logIn(LOGIN)).body;
    const expected = { status: 401, body: { error: { code: 'UNAUTHORIZED', message: 'Invalid or expired token' } } };

    expect(await here.ask('GET', '/vms', undefined, refresh_token)).toMatchObject(expected);
    expect(await refresh(token)).toMatchObject(expected);
    expect(await refresh(null)).toMatchObject(expected);
  });

  it('is over when its session is ended', async () => {
    const { token, refresh_token } = (await logIn(LOGIN)).body;
    await createClient({ baseUrl: here.server.url, apiKey: token }).auth.logOut();

    expect(await refresh(refresh_token)).toMatchObject(fault(401, 'UNAUTHORIZED'));
  });

  it('of a login of /v1 comes with the next one, since it is good once', async () => {
    const { refresh_token } = await logInToV1({ baseUrl: here.server.url }, { name: 'ann', password: PASSWORD });
    const { body } = await refresh(refresh_token);

    expect((await refresh(body.refresh_token)).status).toBe(200);
  });
});
