import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { User } from '../../domain/user/user.ts';
import type { EngineDeps } from '../deps.ts';

/**
 * The user who asks, if it has logged in itself or holds the administrator's own key: what other credentials may do is less than being
 * their owner. Throws `permission_denied` auth.login_needed.
 */
export async function requireOwnUser({ store }: Pick<EngineDeps, 'store'>, principal: Principal): Promise<User> {
  const { kind } = principal.credential;
  const user = kind === 'session' || kind === 'admin_key' ? await store.users.getByName(principal.name) : null;
  if (user?.state === 'active') return user;
  throw new VolaryError('permission_denied', 'Only who has logged in with a password may do this; a key may not.', {
    reason: 'auth.login_needed',
  });
}
