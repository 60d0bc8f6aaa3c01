import { VolaryError } from '../../domain/errors.ts';
import { isPermitted, type Permission, type Principal } from '../../domain/principal/principal.ts';

/** Throws `permission_denied` access.denied unless the principal holds the permission. Every operation and query begins with it. */
export function authorise(principal: Principal, permission: Permission): void {
  if (isPermitted(principal, permission)) return;
  throw new VolaryError('permission_denied', `This needs the permission ${permission}.`, {
    reason: 'access.denied',
    details: { required_permission: permission },
  });
}
