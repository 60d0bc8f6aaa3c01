import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/principal/principal.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { type AuthTrial, createAuthTrial, HOME } from './auth.test-kit.ts';

let trial: AuthTrial;
let me: Principal;
beforeEach(async () => {
  trial = await createAuthTrial();
  await trial.addUser(1);
  me = await trial.bearer((await trial.logIn()).accessToken);
});
afterEach(() => trial[Symbol.asyncDispose]());

const WRONG_CODE = { code: 'invalid_argument', reason: 'auth.wrong_code' };
const NOT_A_CODE = { code: 'unauthenticated', reason: 'auth.mfa_invalid' };

/** Enrolled and confirmed; time has gone on, so that the code of then is used up and the next one is not. */
async function switchOn(): Promise<{ readonly secret: string; readonly codes: readonly string[] }> {
  const { secret } = await trial.api.enrolMfa(me);
  const codes = await trial.api.confirmMfa(me, trial.codeOf(secret));
  await trial.clock.advance(60_000);
  return { secret, codes };
}

describe('a second factor', () => {
  it('counts when it is confirmed, and not before', async () => {
    const { secret, uri, qrSvg } = await trial.api.enrolMfa(me);

    expect(uri).toContain(`secret=${secret}`);
    expect(decodeURIComponent(uri)).toContain('Volary:user-1@example.com');
    expect(qrSvg).toContain('<svg');
    expect(await trial.logIn()).toBeDefined();
    await expect(trial.api.confirmMfa(me, '000000')).rejects.toMatchObject(WRONG_CODE);
    const codes = await trial.api.confirmMfa(me, trial.codeOf(secret));
    expect(codes).toHaveLength(10);
    await expect(trial.logIn()).rejects.toMatchObject({ code: 'unauthenticated', reason: 'auth.mfa_required' });
  });

  it('is asked for only of who knows the password', async () => {
    await switchOn();

    await expect(trial.logIn({ password: 'wrong' })).rejects.toMatchObject({ reason: 'auth.invalid_login' });
    await expect(trial.logIn({ password: 'wrong', mfaCode: '123456' })).rejects.toMatchObject({
      reason: 'auth.invalid_login',
    });
  });

  it('lets in by a code of now, and by each code once', async () => {
    const { secret } = await switchOn();
    const code = trial.codeOf(secret);

    expect((await trial.logIn({ mfaCode: `${code.slice(0, 3)} ${code.slice(3)}` })).user.name).toBe('user-1');
    await expect(trial.logIn({ mfaCode: code })).rejects.toMatchObject(NOT_A_CODE);
    await expect(trial.logIn({ mfaCode: trial.codeOf(secret, -1) })).rejects.toMatchObject(NOT_A_CODE);
    await trial.clock.advance(30_000);
    expect(await trial.logIn({ mfaCode: trial.codeOf(secret) })).toBeDefined();
  });

  it('lets one of several in who come with the same code at once', async () => {
    const { secret } = await switchOn();
    const mfaCode = trial.codeOf(secret);
    const answers = await Promise.allSettled([1, 2, 3].map(() => trial.logIn({ mfaCode })));

    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('does not take the code that confirmed it, nor one of long ago', async () => {
    const { secret } = await trial.api.enrolMfa(me);
    const code = trial.codeOf(secret);
    await trial.api.confirmMfa(me, code);

    await expect(trial.logIn({ mfaCode: code })).rejects.toMatchObject(NOT_A_CODE);
    await trial.clock.advance(300_000);
    await expect(trial.logIn({ mfaCode: trial.codeOf(secret, -4) })).rejects.toMatchObject(NOT_A_CODE);
  });

  it('lets in by each recovery code once', async () => {
    const { codes } = await switchOn();
    const [first = '', second = ''] = codes;

    expect(await trial.logIn({ mfaCode: first.toUpperCase().replaceAll('-', ' ') })).toBeDefined();
    await expect(trial.logIn({ mfaCode: first })).rejects.toMatchObject(NOT_A_CODE);
    expect(await trial.logIn({ mfaCode: second })).toBeDefined();
    expect((await trial.store.users.getByName('user-1'))?.mfa?.recoveryDigests).toHaveLength(8);
  });

  it('is not guessed: some tries, then ever longer waits', async () => {
    const { secret } = await switchOn();
    const reasons: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      const mfaCode = trial.codeOf(secret) === '111111' ? '222222' : '111111';
      const client = { ...HOME, address: `198.51.100.${i}` };
      reasons.push(await trial.logIn({ mfaCode }, client).catch((error: unknown) => Object(error).reason));
    }

    expect(reasons.filter((reason) => reason === 'auth.mfa_invalid').length).toBeLessThanOrEqual(20);
    expect(reasons.at(-1)).toBe('auth.too_many_attempts');
  });

  it('is sealed, and its recovery codes are kept as digests', async () => {
    const { secret, codes } = await switchOn();
    const { mfa } = (await trial.store.users.getByName('user-1')) ?? {};

    expect(mfa?.sealedSecret).toMatch(/^v1\./);
    for (const told of [secret, ...codes]) {
      expect(JSON.stringify(mfa)).not.toContain(told);
      expect(trial.logged.join('')).not.toContain(told);
    }
  });

  it('is switched off with a code, and then not asked for', async () => {
    const { secret } = await switchOn();

    await expect(trial.api.disableMfa(me, { code: null, user: null })).rejects.toMatchObject(WRONG_CODE);
    await expect(trial.api.disableMfa(me, { code: '000000', user: 'user-1' })).rejects.toMatchObject(WRONG_CODE);
    await trial.api.disableMfa(me, { code: trial.codeOf(secret), user: null });

    expect(await trial.logIn()).toBeDefined();
    await expect(trial.api.disableMfa(me, { code: '000000', user: null })).rejects.toMatchObject({
      reason: 'auth.mfa_not_enabled',
    });
  });

  it('of another is switched off by who may change users, and may do as much as they', async () => {
    await switchOn();
    const off = (principal: Principal, user = 'user-1') => trial.api.disableMfa(principal, { code: null, user });

    await expect(off(principalWith('ann', '*:read'))).rejects.toMatchObject({ reason: 'access.denied' });
    await expect(off(principalWith('ann', 'user:update'))).rejects.toMatchObject({ reason: 'access.outranked' });
    await expect(off(ADMIN, 'nobody-here')).rejects.toMatchObject({ reason: 'user.unknown' });
    await off(ADMIN);
    expect(await trial.logIn()).toBeDefined();
  });

  it('is not put in the place of one that is on, and has to be there to be confirmed', async () => {
    await expect(trial.api.confirmMfa(me, '000000')).rejects.toMatchObject({ reason: 'auth.mfa_not_enrolled' });
    await expect(trial.api.renewRecoveryCodes(me, '000000')).rejects.toMatchObject({ reason: 'auth.mfa_not_enabled' });
    await switchOn();

    await expect(trial.api.enrolMfa(me)).rejects.toMatchObject({ reason: 'auth.mfa_enabled' });
    await expect(trial.api.confirmMfa(me, '000000')).rejects.toMatchObject({ reason: 'auth.mfa_enabled' });
  });

  it('that is enrolled again before it is confirmed is the later one', async () => {
    const { secret: first } = await trial.api.enrolMfa(me);
    const { secret: second } = await trial.api.enrolMfa(me);

    await expect(trial.api.confirmMfa(me, trial.codeOf(first))).rejects.toMatchObject(WRONG_CODE);
    expect(await trial.api.confirmMfa(me, trial.codeOf(second))).toHaveLength(10);
  });

  it('gets new recovery codes, and the old ones are good no more', async () => {
    const { secret, codes } = await switchOn();
    const renewed = await trial.api.renewRecoveryCodes(me, trial.codeOf(secret));

    expect(renewed).toHaveLength(10);
    await expect(trial.logIn({ mfaCode: codes[0] ?? '' })).rejects.toMatchObject(NOT_A_CODE);
    expect(await trial.logIn({ mfaCode: renewed[0] ?? '' })).toBeDefined();
  });

  it('is not for keys to change, besides the administrator’s own', async () => {
    await expect(trial.api.enrolMfa(principalWith('user-1', '*'))).rejects.toMatchObject({
      ...{ code: 'permission_denied', reason: 'auth.login_needed' },
    });
  });
});
