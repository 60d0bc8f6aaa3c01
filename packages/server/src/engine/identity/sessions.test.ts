import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { numberedId } from '../../ports/store-contract/samples.contract.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { type AuthTrial, createAuthTrial, DAY_MS } from './auth.test-kit.ts';

let trial: AuthTrial;
beforeEach(async () => {
  trial = await createAuthTrial();
  await trial.addUser(1);
  await trial.addUser(2);
});
afterEach(() => trial[Symbol.asyncDispose]());

const PAGE = { limit: 50, after: null, owner: null };
const ENDED = { code: 'unauthenticated', reason: 'auth.session_ended' };

describe('refreshing', () => {
  it('gives new tokens, and the old refresh token is good no more', async () => {
    const first = await trial.logIn();
    await trial.clock.advance(1_000);
    const second = await trial.api.refresh(first.refreshToken);

    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.session).toMatchObject({ id: first.session.id, generation: 1, lastUsedAt: trial.clock.now() });
    expect(await trial.bearer(second.accessToken)).toMatchObject({ name: 'user-1' });
    expect(await trial.bearer(first.accessToken)).toMatchObject({ name: 'user-1' });
  });

  it('by a token that was used before ends the session, for whoever came first as well', async () => {
    const first = await trial.logIn();
    const other = await trial.logIn();
    const second = await trial.api.refresh(first.refreshToken);
    await trial.bearer(second.accessToken);

    await expect(trial.api.refresh(first.refreshToken)).rejects.toMatchObject({ reason: 'auth.refresh_reused' });

    await expect(trial.bearer(second.accessToken)).rejects.toMatchObject(ENDED);
    await expect(trial.api.refresh(second.refreshToken)).rejects.toMatchObject(ENDED);
    expect((await trial.store.sessions.get(first.session.id))?.end?.because).toBe('reused');
    expect(trial.logged.join('')).toContain('a refresh token came twice');
    expect(await trial.bearer(other.accessToken)).toMatchObject({ name: 'user-1' });
  });

  it('by several at once with the same token lets one through, and ends the session', async () => {
    const { refreshToken, session } = await trial.logIn();
    const answers = await Promise.allSettled([1, 2, 3].map(() => trial.api.refresh(refreshToken)));

    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await trial.store.sessions.get(session.id))?.end?.because).toBe('reused');
  });

  it('leaves the token as it is for a client that cannot take another', async () => {
    const { refreshToken, session } = await trial.logIn({ rotates: false });
    for (let i = 0; i < 3; i++) {
      await trial.clock.advance(6 * DAY_MS);
      const { accessToken } = await trial.api.refresh(refreshToken);
      expect(await trial.bearer(accessToken)).toMatchObject({ credential: { id: session.id } });
    }
    await trial.clock.advance(7 * DAY_MS);

    await expect(trial.api.refresh(refreshToken)).rejects.toMatchObject(ENDED);
  });

  it.each(['accessToken', 'refreshToken'] as const)('takes no %s for the other', async (which) => {
    const login = await trial.logIn();
    const misused = which === 'accessToken' ? trial.api.refresh(login[which]) : trial.bearer(login[which]);

    await expect(misused).rejects.toMatchObject({ code: 'unauthenticated', reason: 'auth.token_invalid' });
  });

  it('goes on for seven days without use, and for thirty in all', async () => {
    let { refreshToken } = await trial.logIn();
    for (let day = 6; day < 30; day += 6) {
      await trial.clock.advance(6 * DAY_MS);
      ({ refreshToken } = await trial.api.refresh(refreshToken));
    }
    const idle = await trial.logIn();
    await trial.clock.advance(6 * DAY_MS);
    await expect(trial.api.refresh(refreshToken)).rejects.toMatchObject({ code: 'unauthenticated' });
    await trial.clock.advance(DAY_MS);
    await expect(trial.api.refresh(idle.refreshToken)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('ends the oldest session at once when there are too many, also where its token is known already', async () => {
    await using few = await createAuthTrial({ maxPerUser: 2 });
    await few.addUser(1);
    const oldest = await few.logIn();
    await few.bearer(oldest.accessToken);
    for (let i = 0; i < 2; i++) {
      await few.clock.advance(1_000);
      await few.logIn();
    }

    await expect(few.bearer(oldest.accessToken)).rejects.toMatchObject(ENDED);
  });

  it('gives no access beyond the end of the session', async () => {
    const { refreshToken } = await trial.logIn({ rotates: false });
    for (let day = 0; day < 5; day++) {
      await trial.clock.advance(6 * DAY_MS - 5 * 60_000);
      await trial.api.refresh(refreshToken);
    }
    const { accessToken, expiresInSeconds } = await trial.api.refresh(refreshToken);

    expect(expiresInSeconds).toBe(25 * 60);
    await trial.clock.advance(25 * 60_000);
    await expect(trial.bearer(accessToken)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('sessions', () => {
  it('end at once when their user logs out', async () => {
    const { accessToken, refreshToken } = await trial.logIn();
    const other = await trial.logIn();

    await trial.api.logOut(await trial.bearer(accessToken));

    await expect(trial.bearer(accessToken)).rejects.toMatchObject(ENDED);
    await expect(trial.api.refresh(refreshToken)).rejects.toMatchObject(ENDED);
    expect(await trial.bearer(other.accessToken)).toMatchObject({ name: 'user-1' });
    await expect(trial.api.logOut(ADMIN)).rejects.toMatchObject({ reason: 'auth.no_session' });
  });

  it('are listed and ended by their user, who does not see those of others', async () => {
    const mine = [await trial.logIn(), await trial.logIn()];
    const theirs = await trial.logIn({ account: 'user-2' });
    const me = await trial.bearer(mine[0]?.accessToken ?? '');
    const idsOf = async () => (await trial.api.listSessions(me, PAGE)).items.map(({ id }) => id);

    expect(await idsOf()).toEqual(mine.map(({ session }) => session.id));
    expect(await trial.api.listSessions(me, { ...PAGE, owner: 'user-2' })).toEqual({ items: [], next: null });
    for (const id of [theirs.session.id, numberedId('sess', 99)]) {
      await expect(trial.api.revokeSession(me, id)).rejects.toMatchObject({
        ...{ code: 'not_found', reason: 'auth.unknown_session' },
        message: 'There is no such session, or it has ended.',
      });
    }
    await trial.api.revokeSession(me, mine[1]?.session.id ?? theirs.session.id);
    expect(await idsOf()).toEqual([mine[0]?.session.id]);
    await expect(trial.bearer(mine[1]?.accessToken ?? '')).rejects.toMatchObject(ENDED);
    expect(await trial.bearer(theirs.accessToken)).toMatchObject({ name: 'user-2' });
  });

  it('of others are listed and ended by who may', async () => {
    const { session, accessToken } = await trial.logIn();
    await trial.logIn({ account: 'user-2' });
    const reader = principalWith('reader', 'session:read');

    expect((await trial.api.listSessions(reader, { ...PAGE, owner: 'user-1' })).items.map(({ id }) => id)).toEqual([
      session.id,
    ]);
    const page = await trial.api.listSessions(reader, { ...PAGE, limit: 1 });
    expect(page.next).toBe(session.id);
    expect((await trial.api.listSessions(reader, { ...PAGE, after: page.next })).items).toHaveLength(1);
    await expect(trial.api.revokeSession(reader, session.id)).rejects.toMatchObject({
      ...{ code: 'permission_denied', details: { required_permission: 'session:delete' } },
    });
    await trial.api.revokeSession(ADMIN, session.id);
    await expect(trial.bearer(accessToken)).rejects.toMatchObject(ENDED);
    await expect(trial.api.listSessions(principalWith('x', 'vm:read'), PAGE)).rejects.toMatchObject({
      reason: 'access.denied',
    });
  });

  it('that are over are dropped', async () => {
    const { session } = await trial.logIn();
    await trial.clock.advance(30 * DAY_MS);
    await trial.auth.look();
    expect(await trial.store.sessions.get(session.id)).not.toBeNull();
    await trial.clock.advance(1);
    await trial.auth.look();

    expect(await trial.store.sessions.get(session.id)).toBeNull();
  });
});

describe('a new password', () => {
  it('ends all other sessions, and is the one that counts', async () => {
    const here = await trial.logIn();
    const there = await trial.logIn();
    const me = await trial.bearer(here.accessToken);
    await trial.bearer(there.accessToken);

    await trial.api.changePassword(me, { currentPassword: 'a long enough one', newPassword: 'quite another one' });

    expect(await trial.bearer(here.accessToken)).toMatchObject({ name: 'user-1' });
    await expect(trial.bearer(there.accessToken)).rejects.toMatchObject(ENDED);
    await expect(trial.api.refresh(there.refreshToken)).rejects.toMatchObject(ENDED);
    await expect(trial.logIn()).rejects.toMatchObject({ reason: 'auth.invalid_login' });
    expect((await trial.logIn({ password: 'quite another one' })).user.passwordChangedAt).toBe(trial.clock.now());
  });

  it('is set by who knows the old one, and has to be a good one', async () => {
    const me = await trial.bearer((await trial.logIn()).accessToken);
    const change = (currentPassword: string, newPassword: string) =>
      trial.api.changePassword(me, { currentPassword, newPassword });

    await expect(change('wrong', 'quite another one')).rejects.toMatchObject({ reason: 'auth.wrong_password' });
    await expect(change('a long enough one', 'short')).rejects.toMatchObject({ reason: 'user.weak_password' });
    await expect(change('a long enough one', 'user-1@example.com')).rejects.toMatchObject({
      reason: 'user.weak_password',
    });
    expect(await trial.logIn()).toBeDefined();
  });

  it('is not for a key to set, and guessing the old one is slowed down', async () => {
    const me = await trial.bearer((await trial.logIn()).accessToken);
    const change = { currentPassword: 'wrong', newPassword: 'quite another one' };

    await expect(trial.api.changePassword(ADMIN, change)).rejects.toMatchObject({ reason: 'auth.login_needed' });
    const reasons = [];
    for (let i = 0; i < 10; i++) {
      reasons.push(await trial.api.changePassword(me, change).catch((error: unknown) => Object(error).reason));
    }
    expect(reasons[0]).toBe('auth.wrong_password');
    expect(reasons.at(-1)).toBe('auth.too_many_attempts');
  });
});
