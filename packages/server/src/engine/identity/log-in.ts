import { VolaryError } from '../../domain/errors.ts';
import type { Session } from '../../domain/session/session.ts';
import { isMfaOn, type SecondFactor, useFactor } from '../../domain/user/second-factor.ts';
import type { User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';
import type { GuessLimits } from '../access/guess-limits.ts';
import type { Login, LoginRequest } from '../apis/auth-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { beginSession, tokensOf } from './begin-session.ts';
import { bySession, doneToSession } from './done-to-session.ts';
import { readFactor } from './read-factor.ts';
import type { Client, SessionDeps } from './session-deps.ts';

export type LogInDeps = SessionDeps &
  Pick<EngineDeps, 'passwordHasher' | 'oneTimeCodes' | 'keyring'> & { readonly guesses: GuessLimits };

/**
 * Lets somebody in who knows the password, and has the second factor if there is one. Whether there is such a user, and what state it is in, is told
 * neither by the answer nor by its time: a password is worked on in any case.
 */
export async function logIn(deps: LogInDeps, client: Client, request: LoginRequest): Promise<Login> {
  const guess = { account: request.account, address: client.address };
  deps.guesses.begin(guess);
  const user = await requireUser(deps, request);
  const factor = await requireFactor(deps, user, { client, code: request.mfaCode });
  const passwordHash = await renewedHash(deps, user, request.password);
  const { session, displacedCount } = await deps.store.transaction(async (tables) => {
    const admitted = await admit(tables, { user, factor, passwordHash });
    const begun = await beginSession(deps, tables, { user: admitted, client, rotates: request.rotates });
    const origin = { address: client.address, requestId: client.requestId ?? null };
    await recordAudit(
      tables,
      deps.clock,
      bySession(begun.session, origin),
      doneToSession('session.create', begun.session),
    );
    return begun;
  });
  // Only then: most logins take nothing from anybody, and need not have every credential looked up again.
  if (displacedCount > 0) deps.epoch.advance();
  deps.guesses.succeeded(guess);
  deps.log.info('a user has logged in', { user: user.name, sessionId: session.id, address: client.address });
  return await loginOf(deps, user, session);
}

/** The user with this password. */
async function requireUser(
  { store, passwordHasher }: LogInDeps,
  { by, account, password }: LoginRequest,
): Promise<User> {
  const found = by === 'email' ? await store.users.getByEmail(account) : await store.users.getByName(account);
  const user = found?.state === 'active' ? found : null;
  const isRight = await passwordHasher.verify(password, user?.passwordHash ?? null);
  if (user === null || !isRight) throw invalidLogin(found);
  return user;
}

/** The second factor that was shown, if the user has one; only who knows the password is told so. */
async function requireFactor(
  deps: LogInDeps,
  user: User,
  { client, code }: { readonly client: Client; readonly code: string | null },
): Promise<SecondFactor | null> {
  if (!isMfaOn(user.mfa)) return null;
  if (code === null) {
    throw new VolaryError('unauthenticated', 'This account needs a one-time code as well: send it as mfa_code.', {
      reason: 'auth.mfa_required',
      context: triedAs(user),
    });
  }
  const guess = { account: `mfa:${user.id}`, address: client.address };
  deps.guesses.begin(guess);
  const factor = await readFactor(deps, user, code);
  if (factor === null || useFactor(user.mfa, factor) === null) throw invalidCode(user);
  deps.guesses.succeeded(guess);
  return factor;
}

/** The password hashed anew, if the one that is kept was made with less effort than today's. */
async function renewedHash({ passwordHasher }: LogInDeps, user: User, password: string): Promise<string | null> {
  const isOld = user.passwordHash !== null && passwordHasher.needsRehash(user.passwordHash);
  return isOld ? await passwordHasher.hash(password) : null;
}

/** Looks again, now that nobody can change it, and uses the factor up. */
async function admit(
  { users }: Tables,
  shown: { readonly user: User; readonly factor: SecondFactor | null; readonly passwordHash: string | null },
): Promise<User> {
  const user = await users.get(shown.user.id);
  const isSame = user?.state === 'active' && user.passwordHash === shown.user.passwordHash;
  if (!isSame || isMfaOn(user.mfa) !== (shown.factor !== null)) throw invalidLogin(shown.user);
  const mfa = user.mfa !== null && shown.factor !== null ? useFactor(user.mfa, shown.factor) : user.mfa;
  if (mfa === null && user.mfa !== null) throw invalidCode(user);
  if (mfa === user.mfa && shown.passwordHash === null) return user;
  const changed = { ...user, mfa, passwordHash: shown.passwordHash ?? user.passwordHash, revision: user.revision + 1 };
  await users.update(changed);
  return changed;
}

/** As it is after its login was noted. */
async function loginOf(deps: LogInDeps, user: User, session: Session): Promise<Login> {
  return await tokensOf(deps, { user: (await deps.store.users.get(user.id)) ?? user, session });
}

/** The same whether there is such a user or not: whose account was tried is for the audit alone. */
function invalidLogin(tried: User | null): VolaryError {
  return new VolaryError('unauthenticated', 'There is no active user with this name and password.', {
    reason: 'auth.invalid_login',
    context: tried === null ? {} : triedAs(tried),
  });
}

function invalidCode(tried: User): VolaryError {
  return new VolaryError('unauthenticated', 'This code is wrong, or was used before.', {
    reason: 'auth.mfa_invalid',
    context: triedAs(tried),
  });
}

/** Of users alone: what is no user's name may be a password in the wrong field. */
function triedAs({ id, name }: User): { readonly triedUserId: string; readonly triedUserName: string } {
  return { triedUserId: id, triedUserName: name };
}
