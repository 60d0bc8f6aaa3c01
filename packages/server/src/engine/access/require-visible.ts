import type { VolaryError } from '../../domain/errors.ts';
import type { Permission } from '../../domain/principal/permissions.ts';
import { may, type Owned, type Principal } from '../../domain/principal/principal.ts';
import { authorise } from './authorise.ts';

/** Who wants something found, and what for. */
export interface Asker {
  readonly principal: Principal;
  readonly permission: Permission;
}

/**
 * What was looked for, if there is such a thing and this may be done to it. What the principal may not even see is answered like what is not
 * there, so that nobody learns what others have. Throws `unknown()`, or `permission_denied` access.denied.
 */
export function requireVisible<T extends Owned>(
  { principal, permission }: Asker,
  found: T | null,
  readPermission: Permission,
  unknown: () => VolaryError,
): T {
  if (found !== null && may(principal, permission, found)) return found;
  // Whoever may do it to none is told so, whether or not there is such a thing.
  authorise(principal, permission);
  if (found === null || !may(principal, readPermission, found)) throw unknown();
  authorise(principal, permission, found);
  return found;
}
