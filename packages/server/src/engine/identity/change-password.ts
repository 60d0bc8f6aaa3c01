import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { doneToUser } from './done-to-user.ts';
import type { LogInDeps } from './log-in.ts';
import { requireGoodPassword } from './new-user.ts';
import { requireOwnUser } from './own-user.ts';
import { sessionOf } from './sessions.ts';

/** Sets a new password for the user who asks, and ends all its sessions but the one that it asks by. */
export async function changePassword(
  deps: LogInDeps,
  principal: Principal,
  { currentPassword, newPassword }: { readonly currentPassword: string; readonly newPassword: string },
): Promise<void> {
  const { store, clock, passwordHasher, guesses, log } = deps;
  const user = await requireOwnUser(deps, principal);
  requireGoodPassword(newPassword, user);
  const guess = { account: user.name, address: principal.origin.address };
  guesses.begin(guess);
  if (!(await passwordHasher.verify(currentPassword, user.passwordHash))) throw wrongPassword();
  guesses.succeeded(guess);
  const passwordHash = await passwordHasher.hash(newPassword);
  try {
    await store.transaction(async (tables) => {
      const fresh = await tables.users.get(user.id);
      if (fresh?.passwordHash !== user.passwordHash) throw wrongPassword();
      const now = clock.now();
      const change = { passwordHash, passwordChangedAt: now, updatedAt: Math.max(now, fresh.updatedAt + 1) };
      const changed = { ...fresh, ...change, revision: fresh.revision + 1 };
      await tables.users.update(changed);
      await recordAudit(tables, clock, principal, doneToUser(fresh, changed));
      await tables.sessions.endAllOf(user.id, { at: now, because: 'password_changed' }, sessionOf(principal));
    });
  } finally {
    // Also after a failure: whether a commit that failed has been made is not always known.
    deps.epoch.advance();
  }
  log.info('a user has changed its password', { user: user.name });
}

function wrongPassword(): VolaryError {
  return new VolaryError('permission_denied', 'The current password is wrong.', { reason: 'auth.wrong_password' });
}
