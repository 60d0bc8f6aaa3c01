/**
 * Second factors: enrolled, then confirmed by a first code, then asked for at each login until switched off.
 * Only who has logged in, or has the administrator's own key, may change them: a key that was given to a program may not shut its owner out.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { isMfaOn, type SecondFactor, useFactor } from '../../domain/user/second-factor.ts';
import type { Mfa, User } from '../../domain/user/user.ts';
import { authorise } from '../access/authorise.ts';
import type { MfaEnrolment } from '../apis/auth-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { doneToUser } from './done-to-user.ts';
import { findUser } from './find-user.ts';
import { requireOutranks } from './granting.ts';
import type { LogInDeps } from './log-in.ts';
import { requireOwnUser } from './own-user.ts';
import { mfaContextOf, readFactor } from './read-factor.ts';

const RECOVERY_CODES = 10;

/** A new secret, which counts when `confirmMfa` has seen a code of it. */
export async function enrolMfa(deps: LogInDeps, principal: Principal): Promise<MfaEnrolment> {
  const { oneTimeCodes, keyring } = deps;
  const user = await requireOwnUser(deps, principal);
  const secret = oneTimeCodes.createSecret();
  await changeMfa(deps, principal, user, ({ mfa }) => {
    if (isMfaOn(mfa)) throw alreadyOn();
    // Within the transaction that writes it, so that a change of the sealing key sees it.
    const sealedSecret = keyring.seal(secret, mfaContextOf(user));
    return { sealedSecret, confirmedAt: null, lastUsedStep: null, recoveryDigests: [] };
  });
  return await oneTimeCodes.enrolment(secret, user.email ?? user.name);
}

/** Switches it on; returns recovery codes. */
export async function confirmMfa(deps: LogInDeps, principal: Principal, code: string): Promise<readonly string[]> {
  const user = await requireOwnUser(deps, principal);
  if (isMfaOn(user.mfa)) throw alreadyOn();
  if (user.mfa === null) {
    throw new VolaryError('failed_precondition', 'There is no second factor to confirm; enrol one first.', {
      reason: 'auth.mfa_not_enrolled',
    });
  }
  const factor = await requireCode(deps, principal, { user, code });
  const codes = deps.oneTimeCodes.createRecoveryCodes(RECOVERY_CODES);
  await changeMfa(deps, principal, user, ({ mfa }) => {
    // Another one may have been enrolled meanwhile, of which this was no code.
    if (mfa?.sealedSecret !== user.mfa?.sealedSecret) throw wrongCode();
    return { ...used(mfa, factor), confirmedAt: deps.clock.now(), recoveryDigests: codes.map(({ digest }) => digest) };
  });
  deps.log.info('a second factor was switched on', { user: user.name });
  return codes.map((each) => each.code);
}

/** Switches it off: of one's own user with a code, of another with the permission to change users. */
export async function disableMfa(
  deps: LogInDeps,
  principal: Principal,
  { code, user: name }: { readonly code: string | null; readonly user: string | null },
): Promise<void> {
  const user = await (name === null || name === principal.name
    ? requireOwnUser(deps, principal)
    : requireOtherUser(deps, principal, name));
  if (user.mfa === null) throw notOn();
  // The administrator's key is there for whoever has lost everything else.
  const needsCode = user.name === principal.name && isMfaOn(user.mfa) && principal.credential.kind !== 'admin_key';
  const factor = needsCode ? await requireCode(deps, principal, { user, code: code ?? '' }) : null;
  await changeMfa(deps, principal, user, ({ mfa }) => {
    if (factor !== null) used(mfa, factor);
    return null;
  });
  deps.log.info('a second factor was switched off', { user: user.name, by: principal.name });
}

/** New recovery codes in place of those that were there. */
export async function renewRecoveryCodes(
  deps: LogInDeps,
  principal: Principal,
  code: string,
): Promise<readonly string[]> {
  const user = await requireOwnUser(deps, principal);
  if (!isMfaOn(user.mfa)) throw notOn();
  const factor = await requireCode(deps, principal, { user, code });
  const codes = deps.oneTimeCodes.createRecoveryCodes(RECOVERY_CODES);
  await changeMfa(deps, principal, user, ({ mfa }) => ({
    ...used(mfa, factor),
    recoveryDigests: codes.map(({ digest }) => digest),
  }));
  return codes.map((each) => each.code);
}

async function requireOtherUser({ store }: LogInDeps, principal: Principal, ref: string): Promise<User> {
  authorise(principal, 'user:update');
  const user = await findUser(store, ref);
  await requireOutranks(store, principal, user);
  return user;
}

async function requireCode(
  deps: LogInDeps,
  { origin }: Principal,
  { user, code }: { readonly user: User; readonly code: string },
): Promise<SecondFactor> {
  const guess = { account: `mfa:${user.id}`, address: origin.address };
  deps.guesses.begin(guess);
  const factor = await readFactor(deps, user, code);
  if (factor === null || user.mfa === null || useFactor(user.mfa, factor) === null) throw wrongCode();
  deps.guesses.succeeded(guess);
  return factor;
}

/** What is left when the factor was used up. Throws `invalid_argument` auth.wrong_code if another request has done so. */
function used(mfa: Mfa | null, factor: SecondFactor): Mfa {
  const left = mfa === null ? null : useFactor(mfa, factor);
  if (left === null) throw wrongCode();
  return left;
}

async function changeMfa(
  { store, clock }: LogInDeps,
  principal: Principal,
  { id }: User,
  change: (user: User) => Mfa | null,
): Promise<void> {
  await store.transaction(async (tables) => {
    const user = await tables.users.get(id);
    if (user === null) throw notOn();
    const updatedAt = Math.max(clock.now(), user.updatedAt + 1);
    const changed = { ...user, mfa: change(user), updatedAt, revision: user.revision + 1 };
    await tables.users.update(changed);
    await recordAudit(tables, clock, principal, doneToUser(user, changed));
  });
}

function wrongCode(): VolaryError {
  return new VolaryError('invalid_argument', 'This code is wrong, or was used before.', {
    reason: 'auth.wrong_code',
    details: { field: 'code' },
  });
}

function alreadyOn(): VolaryError {
  return new VolaryError('failed_precondition', 'A second factor is on already; switch it off first.', {
    reason: 'auth.mfa_enabled',
  });
}

function notOn(): VolaryError {
  return new VolaryError('failed_precondition', 'There is no second factor to change.', {
    reason: 'auth.mfa_not_enabled',
  });
}
