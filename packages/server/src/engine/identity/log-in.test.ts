import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cpuMsOf } from '../../lib/testing/cpu-time.ts';
import { type AuthTrial, createAuthTrial, HOME, PASSWORD } from './auth.test-kit.ts';

let trial: AuthTrial;
beforeEach(async () => {
  trial = await createAuthTrial();
  await trial.addUser(1);
});
afterEach(() => trial[Symbol.asyncDispose]());

const INVALID = { code: 'unauthenticated', reason: 'auth.invalid_login' };

describe('logging in', () => {
  it('gives tokens by which one is known', async () => {
    const { user, session, accessToken, expiresInSeconds } = await trial.logIn();

    expect(expiresInSeconds).toBe(3_600);
    expect(user).toMatchObject({ name: 'user-1', lastLoginAt: trial.clock.now() });
    expect(session).toMatchObject({ owner: 'user-1', address: HOME.address, userAgent: 'curl/8', generation: 0 });
    expect(await trial.bearer(accessToken)).toMatchObject({
      ...{ kind: 'user', name: 'user-1' },
      credential: { kind: 'session', id: session.id },
    });
  });

  it('works by name or by e-mail, whatever the case of its letters', async () => {
    expect((await trial.logIn({ by: 'email', account: 'USER-1@Example.com' })).user.name).toBe('user-1');
    await expect(trial.logIn({ by: 'email', account: 'user-1' })).rejects.toMatchObject(INVALID);
    await expect(trial.logIn({ by: 'name', account: 'user-1@example.com' })).rejects.toMatchObject(INVALID);
  });

  it('is refused in one way whatever is wrong', async () => {
    await trial.addUser(2, { state: 'disabled' });
    await trial.addUser(3, { state: 'deleted', email: null, passwordHash: null });
    await trial.addUser(4, { passwordHash: null });
    const refusals = await Promise.allSettled([
      trial.logIn({ password: 'another password' }),
      trial.logIn({ account: 'nobody-here' }),
      ...[2, 3, 4].map((number) => trial.logIn({ account: `user-${number}` })),
      trial.logIn({ account: 'user-4', password: '' }),
    ]);

    const told = refusals.map((refusal) => {
      const { code, reason, message, details } = refusal.status === 'rejected' ? refusal.reason : Object({});
      return { code, reason, message, details };
    });
    expect(told[0]).toMatchObject(INVALID);
    for (const each of told) expect(each).toEqual(told[0]);
  });

  it('takes as long for an unknown, a disabled and a known user', async () => {
    await trial.addUser(2, { state: 'disabled' });
    const times = new Map<string, number>();
    for (let i = 0; i < 9; i++) {
      for (const account of ['user-1', 'user-2', 'nobody-here']) {
        const client = { ...HOME, address: `198.51.${i}.${account.length}` };
        const cpuMs = await cpuMsOf(() => trial.logIn({ account, password: 'wrong' }, client).catch(() => null));
        times.set(account, Math.min(times.get(account) ?? Infinity, cpuMs));
      }
    }
    const [known = 0, ...others] = [...times.values()];

    // A hash more or less would be a factor of two.
    for (const other of others) {
      expect(other / known).toBeGreaterThan(0.5);
      expect(other / known).toBeLessThan(1.9);
    }
  });

  it('leaves no password or token in the log', async () => {
    const { accessToken, refreshToken } = await trial.logIn();
    await trial.logIn({ password: 'another password' }).catch(() => null);

    for (const secret of [PASSWORD, 'another password', accessToken, refreshToken]) {
      expect(trial.logged.join('')).not.toContain(secret);
    }
  });

  it('lets nobody guess a thousand times, and the owner in from a known place', async () => {
    await trial.logIn();
    const guesses = Array.from({ length: 1_000 }, (_, i) =>
      trial.logIn({ password: `guess ${i}` }, { address: `203.0.113.${i % 250}`, userAgent: '' }).then(
        () => 'in',
        (error: unknown) => Object(error).reason,
      ),
    );
    const answers = await Promise.all(guesses);
    const tried = answers.filter((answer) => answer === 'auth.invalid_login').length;

    expect(new Set(answers)).toEqual(new Set(['auth.invalid_login', 'auth.too_many_attempts']));
    expect(tried).toBeLessThanOrEqual(25);
    expect((await trial.logIn()).user.name).toBe('user-1');
  });

  it('ends the session that was used longest ago when there are too many', async () => {
    await using few = await createAuthTrial({ maxPerUser: 2 });
    await few.addUser(1);
    const logins = [];
    for (let i = 0; i < 3; i++) {
      logins.push(await few.logIn());
      await few.clock.advance(1_000);
    }
    const states = await Promise.allSettled(logins.map(({ accessToken }) => few.bearer(accessToken)));

    expect(states.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('makes a password anew that was kept with less effort', async () => {
    const weak = '$argon2id$v=19$m=4096,t=3,p=2$c29tZXNhbHRzb21lc2FsdA$RAuWdjHlp5hnGCYxt0dduZWjBu+q/a+V';
    await trial.addUser(2, { passwordHash: weak });

    await trial.logIn({ account: 'user-2', password: 'hunter2 hunter2' });

    expect((await trial.store.users.getByName('user-2'))?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await trial.logIn({ account: 'user-2', password: 'hunter2 hunter2' });
  });

  it.each([
    ['disabled', { state: 'disabled' }],
    ['deleted', { state: 'deleted', email: null, passwordHash: null }],
  ] as const)('of a user who is %s is good for nothing, nor are its tokens', async (_state, change) => {
    const { user, accessToken, refreshToken } = await trial.logIn();
    const { revision, ...stored } = (await trial.store.users.get(user.id)) ?? user;
    await trial.store.users.update({ ...stored, ...change, revision: revision + 1 });

    await expect(trial.bearer(accessToken)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(trial.api.refresh(refreshToken)).rejects.toMatchObject({ reason: 'auth.session_ended' });
    await expect(trial.logIn()).rejects.toMatchObject(INVALID);
  });
});
