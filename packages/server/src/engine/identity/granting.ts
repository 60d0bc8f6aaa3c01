import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { asAnother, covers, type Rights } from '../../domain/principal/rights.ts';
import { BUILT_IN_ADMIN, type User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';
import { rightsOfUser } from './roles-of.ts';

/** Nobody gives away what he does not hold. Throws `permission_denied` access.cannot_grant, with permissions that are lacking. */
export function requireCovers({ rights }: Principal, given: Rights): void {
  if (covers(rights, given)) return;
  const lacking = [
    ...[...given.all.difference(rights.all)],
    ...[...given.own.difference(rights.own)].map((permission) => `${permission}@own`),
  ];
  throw new VolaryError(
    'permission_denied',
    `You cannot grant what you do not hold: ${lacking.slice(0, 5).join(', ')}.`,
    {
      reason: 'access.cannot_grant',
      details: { lacking: lacking.slice(0, 50) },
    },
  );
}

/**
 * Whoever changes somebody's account could then act as that user: by a new password, say. So it takes all rights that the
 * user has: on what that user owns, unless it is the own account. Throws `permission_denied` access.outranked.
 */
export async function requireOutranks(tables: Pick<Tables, 'roles'>, principal: Principal, user: User): Promise<void> {
  if (covers(principal.rights, rightsOver(principal, user.name, await rightsOfUser(tables, user)))) return;
  throw new VolaryError('permission_denied', `${user.name} may do more than you, or than the key that you use.`, {
    reason: 'access.outranked',
    details: { user: user.name },
  });
}

/** What the principal has to hold to act as the user of this name, who may do so much. */
export function rightsOver(principal: Principal, name: string, rights: Rights): Rights {
  return principal.name === name ? rights : asAnother(rights);
}

/** How many administrators are looked at to find one besides this user. */
const ENOUGH_ADMINS = 50;

/** To be asked in the transaction of the change. Throws `failed_precondition` user.last_admin if nobody else could undo it. */
export async function requireOtherAdmin(tables: Pick<Tables, 'users'>, user: User): Promise<void> {
  if (user.state !== 'active' || !user.roles.includes('admin')) return;
  const admins = await tables.users.listWithRole('admin', ENOUGH_ADMINS);
  if (admins.some((admin) => admin.id !== user.id && admin.state === 'active' && canComeIn(admin))) return;
  throw new VolaryError('failed_precondition', `${user.name} is the last administrator who can log in.`, {
    reason: 'user.last_admin',
  });
}

/** The built-in administrator has a key besides; of others we know a password, or that a proxy vouches for them. */
function canComeIn({ name, passwordHash, source }: User): boolean {
  return name === BUILT_IN_ADMIN || passwordHash !== null || source === 'proxy';
}
