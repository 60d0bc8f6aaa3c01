import { createClient, logIn, VolaryApiError, type VolaryClient } from '@volary/sdk';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';

/* Logins over real sockets: what an attacker sees of them. What the tokens and sessions do is in the tests of the engine. */

const PASSWORD = 'brisk umbrella 7';

let server: RunningServer;
let admin: VolaryClient;
beforeAll(async () => {
  server = await runServer();
  admin = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(() => server?.[Symbol.asyncDispose]());

let made = 0;

async function addUser(): Promise<string> {
  return (await admin.users.create({ name: `person-${made++}`, password: PASSWORD })).name;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function post(path: string, body: unknown, token?: string): Promise<Answer> {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
}

const statusOf = async (token: string): Promise<number> =>
  (await fetch(`${server.url}/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status;

/** What is the same of two answers that tell the same. */
function told({ status, headers, body }: Answer): unknown {
  const { request_id: _unlike, ...same } = body;
  const unlike = ['date', 'x-request-id', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
  return { status, same, headers: [...headers].filter(([name]) => !unlike.includes(name)) };
}

describe('a login', () => {
  it('tells by no byte whether there is such a user', async () => {
    const name = await addUser();
    await admin.users.update(await addUser(), { state: 'disabled' });
    const answers = await Promise.all(
      [name, `person-${made - 1}`, 'nobody-at-all'].map((each) =>
        post('/v1/auth/login', { name: each, password: 'a wrong password' }),
      ),
    );

    expect(answers[0]).toMatchObject({ status: 401, body: { reason: 'auth.invalid_login' } });
    for (const answer of answers) expect(told(answer)).toEqual(told(answers[0] ?? answer));
  });

  it("that is refused is told to the audit with whose account it was, and never with a name that is nobody's", async () => {
    const name = await addUser();
    const notAName = 'mistyped-secret';
    const answers = [
      await post('/v1/auth/login', { name, password: 'a wrong password' }),
      await post('/v1/auth/login', { name: notAName, password: 'a wrong password' }),
    ];
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));

    const { items } = await admin.audit.list({ action: 'session.create', result: 'refused', limit: 50 });
    const [known, unknown] = ids.map((id) => items.find(({ request_id }) => request_id === id));

    const refused = { principal: 'nobody', reason: 'auth.invalid_login' };
    expect(known).toMatchObject({ ...refused, target: { kind: 'user', id: expect.stringMatching(/^usr_/), name } });
    expect(unknown).toMatchObject({ ...refused, target: { id: null, name: null } });
    expect(JSON.stringify(items)).not.toContain(notAName);
  });

  it('that wants the second factor is told to the audit with whose account it was', async () => {
    const name = await addUser();
    const { access_token: apiKey } = await logIn({ baseUrl: server.url }, { name, password: PASSWORD });
    const { auth } = createClient({ baseUrl: server.url, apiKey });
    const { secret } = await auth.enrolMfa();
    await auth.confirmMfa(new TOTP({ secret }).generate());
    await post('/v1/auth/login', { name, password: PASSWORD });
    await post('/v1/auth/login', { name, password: PASSWORD, mfa_code: 'not-one-of-them' });

    const { items } = await admin.audit.list({ target: name, result: 'refused' });

    expect(items.map(({ reason }) => reason)).toEqual(['auth.mfa_invalid', 'auth.mfa_required']);
  });

  it('takes either a name or an address, and nothing that it does not know', async () => {
    const name = await addUser();
    for (const body of [
      { password: PASSWORD },
      { name, email: 'a@example.org', password: PASSWORD },
      { name, password: PASSWORD, roles: ['admin'] },
      { name: { $ne: null }, password: PASSWORD },
      { name: [name], password: PASSWORD },
      { name, password: true },
    ]) {
      expect((await post('/v1/auth/login', body)).body['reason']).toBe('request.invalid');
    }
  });

  it('gives tokens that no copy is kept of, and no cache', async () => {
    const name = await addUser();
    const { headers, body } = await post('/v1/auth/login', { name, password: PASSWORD });

    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3_600, user: { name } });
    expect(JSON.stringify(body['user'])).not.toMatch(/hash|argon2|sealed/i);
  });

  it('is a header that goes as a bearer alone: an access token is no key', async () => {
    const { access_token } = await logIn({ baseUrl: server.url }, { name: await addUser(), password: PASSWORD });
    const answer = await fetch(`${server.url}/v1/auth/me`, { headers: { 'x-api-key': access_token } });

    expect([answer.status, await statusOf(access_token)]).toEqual([401, 200]);
  });

  it('that is tried a thousand times is told to wait', async () => {
    const name = await addUser();
    const waits: (string | null)[] = [];
    let tried = 0;
    for (let i = 0; i < 1_000; i++) {
      const { status, headers, body } = await post('/v1/auth/login', { name, password: `guess ${i}` });
      if (body['reason'] === 'auth.invalid_login') tried += 1;
      else if (body['reason'] === 'auth.too_many_attempts') waits.push(headers.get('retry-after'));
      expect([401, 429]).toContain(status);
    }

    expect(tried).toBeLessThanOrEqual(12);
    expect(waits).toHaveLength(1_000 - tried);
    expect(waits.every((wait) => Number(wait) >= 1)).toBe(true);
  });
});

describe('tokens over HTTP', () => {
  it('of one kind are not good for what the other is for', async () => {
    const login = await logIn({ baseUrl: server.url }, { name: await addUser(), password: PASSWORD });
    const refreshed = await post('/v1/auth/refresh', { refresh_token: login.access_token });

    expect(refreshed).toMatchObject({ status: 401, body: { reason: 'auth.token_invalid' } });
    expect(await statusOf(login.refresh_token)).toBe(401);
  });

  it('end when their session is ended elsewhere, their user disabled or deleted, or given another password', async () => {
    const ends: readonly ((name: string, session: string) => Promise<unknown>)[] = [
      (_name, session) => admin.auth.revokeSession(session),
      (name) => admin.users.update(name, { state: 'disabled' }),
      (name) => admin.users.delete(name),
      (name) => admin.users.setPassword(name, 'another umbrella 8'),
    ];
    for (const end of ends) {
      const login = await logIn({ baseUrl: server.url }, { name: await addUser(), password: PASSWORD });
      expect(await statusOf(login.access_token)).toBe(200);

      await end(login.user.name, login.session_id);

      expect(await statusOf(login.access_token)).toBe(401);
      expect((await post('/v1/auth/refresh', { refresh_token: login.refresh_token })).status).toBe(401);
    }
  });

  it('do not come back with a user who is enabled again', async () => {
    const login = await logIn({ baseUrl: server.url }, { name: await addUser(), password: PASSWORD });
    await admin.users.update(login.user.name, { state: 'disabled' });
    await admin.users.update(login.user.name, { state: 'active' });

    expect(await statusOf(login.access_token)).toBe(401);
  });

  it('are verified by public keys that everybody gets, and may keep for a while', async () => {
    await logIn({ baseUrl: server.url }, { name: await addUser(), password: PASSWORD });
    const answer = await fetch(`${server.url}/.well-known/jwks.json`);
    const text = await answer.text();

    expect(answer.headers.get('cache-control')).toBe('public, max-age=900');
    expect(JSON.parse(text).keys.length).toBeGreaterThan(0);
    for (const secret of ['"d"', '"p"', '"q"', '"dp"', '"dq"', '"qi"', 'k"oct']) expect(text).not.toContain(secret);
  });
});

describe('a second factor over HTTP', () => {
  it('goes from enrolment to a login with a code of a standard library, and each code is good once', async () => {
    const name = await addUser();
    const client = createClient({
      baseUrl: server.url,
      apiKey: (await logIn({ baseUrl: server.url }, { name, password: PASSWORD })).access_token,
    });
    const { secret, uri } = await client.auth.enrolMfa();
    const totp = new TOTP({ secret });
    const { recovery_codes } = await client.auth.confirmMfa(totp.generate({ timestamp: Date.now() - 30_000 }));
    const attempt = (mfa_code?: string) =>
      post('/v1/auth/login', { name, password: PASSWORD, ...(mfa_code === undefined ? {} : { mfa_code }) });

    expect(uri).toContain('otpauth://totp/');
    expect((await attempt()).body['reason']).toBe('auth.mfa_required');
    const code = totp.generate();
    expect((await attempt(code)).status).toBe(200);
    expect((await attempt(code)).body['reason']).toBe('auth.mfa_invalid');
    expect((await attempt(recovery_codes[0])).status).toBe(200);
    expect((await attempt(recovery_codes[0])).body['reason']).toBe('auth.mfa_invalid');
  });

  it('is not for an API key to change, whatever it may do', async () => {
    const { key } = await admin.apiKeys.create({ name: 'strong', permissions: null });
    const client = createClient({ baseUrl: server.url, apiKey: key });

    const fault: unknown = await client.auth.enrolMfa().catch((error: unknown) => error);

    expect(fault).toBeInstanceOf(VolaryApiError);
    expect(fault).toMatchObject({ status: 403, reason: 'auth.login_needed' });
  });
});
