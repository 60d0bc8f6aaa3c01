import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Unchanged } from '../requests.ts';
import { doneToUser } from './done-to-user.ts';
import { findUser } from './find-user.ts';
import { requireOutranks } from './granting.ts';
import type { IdentityDeps } from './identity-deps.ts';

/** What becomes of a user, and what else is to be written with it. */
export type ChangeUser = (user: User, tables: Tables) => Partial<User> | Promise<Partial<User>>;

/**
 * Writes a change of an account, and who made it, that is not deleted, in one transaction; nothing that was found out about credentials before is relied on
 * afterwards. Throws `not_found` user.unknown, `permission_denied` access.outranked, `conflict` user.changed, and what `change` throws.
 */
export async function changeUser(
  { store, clock, epoch }: Pick<IdentityDeps, 'store' | 'clock' | 'epoch'>,
  principal: Principal,
  ref: string,
  change: ChangeUser,
  unchanged: Unchanged = {},
): Promise<User> {
  try {
    return await store.transaction(async (tables) => {
      const before = await findUser(tables, ref);
      await requireOutranks(tables, principal, before);
      requireUnchangedUser(before, unchanged);
      const after: User = {
        ...before,
        ...(await change(before, tables)),
        // It tells changes apart, so it rises with each, whatever the clock does.
        updatedAt: Math.max(clock.now(), before.updatedAt + 1),
        revision: before.revision + 1,
      };
      await tables.users.update(after);
      await endSessionsAfter(tables, before, after);
      await recordAudit(tables, clock, principal, doneToUser(before, after));
      return after;
    });
  } finally {
    // Also after a failure: whether a commit that failed has been made is not always known.
    epoch.advance();
  }
}

/** Who may not come in any more, or not by the password of before, is not in either. */
async function endSessionsAfter({ sessions }: Tables, before: User, after: User): Promise<void> {
  const isOut = after.state !== 'active';
  if (!isOut && after.passwordHash === before.passwordHash) return;
  await sessions.endAllOf(after.id, { at: after.updatedAt, because: isOut ? 'user_ended' : 'password_changed' }, null);
}

function requireUnchangedUser({ id, updatedAt }: User, { ifStill }: Unchanged): void {
  if (ifStill === undefined || ifStill.some((seen) => seen.id === id && seen.version === updatedAt)) return;
  throw new VolaryError('conflict', 'The user has changed since you looked at it.', { reason: 'user.changed' });
}
