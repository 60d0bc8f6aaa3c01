import { VolaryError } from '../../domain/errors.ts';
import { passwordFault } from '../../domain/user/password-policy.ts';
import { BUILT_IN_ADMIN, isUserName, type User } from '../../domain/user/user.ts';
import type { EngineDeps } from '../deps.ts';

/** A user as made now, with defaults for what is not said. Throws `invalid_argument` user.invalid_name. */
export function newUser(
  { clock, ids }: Pick<EngineDeps, 'clock' | 'ids'>,
  asked: Pick<User, 'name' | 'roles'> & Partial<User>,
): User {
  if (!isUserName(asked.name)) {
    throw new VolaryError('invalid_argument', `${asked.name} is not a name that a user can have.`, {
      reason: 'user.invalid_name',
      details: { field: 'name' },
    });
  }
  const now = clock.now();
  return {
    id: ids.create('usr'),
    email: null,
    displayName: '',
    state: 'active',
    source: 'local',
    passwordHash: null,
    passwordChangedAt: asked.passwordHash === undefined || asked.passwordHash === null ? null : now,
    mfa: null,
    quota: null,
    labels: {},
    createdAt: now,
    updatedAt: now,
    lastLoginAt: null,
    revision: 1,
    ...asked,
  };
}

/** The administrator that every installation begins with; no password opens this account yet. */
export function newBuiltInAdmin(deps: Pick<EngineDeps, 'clock' | 'ids'>): User {
  return newUser(deps, {
    name: BUILT_IN_ADMIN,
    roles: ['admin'],
    email: 'admin@localhost',
    displayName: 'Administrator',
  });
}

/** Throws `invalid_argument` user.weak_password. */
export function requireGoodPassword(password: string, user: Pick<User, 'name' | 'email'>): void {
  const fault = passwordFault(password, user);
  if (fault === null) return;
  throw new VolaryError('invalid_argument', `A password ${fault}.`, {
    reason: 'user.weak_password',
    details: { field: 'password' },
  });
}
