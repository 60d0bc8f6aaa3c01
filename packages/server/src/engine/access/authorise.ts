import { VolaryError } from '../../domain/errors.ts';
import type { Permission } from '../../domain/principal/permissions.ts';
import { may, type Owned, type Principal } from '../../domain/principal/principal.ts';

/**
 * Throws `permission_denied` access.denied unless the principal may do this: to this resource, or without one, to any at all. Every
 * operation and query begins with it, and asks again when it has found what it is about.
 */
export function authorise(principal: Principal, permission: Permission, resource: Owned | null = null): void {
  if (may(principal, permission, resource)) return;
  throw new VolaryError('permission_denied', `This needs the permission ${permission}.`, {
    reason: 'access.denied',
    details: { required_permission: permission },
  });
}
