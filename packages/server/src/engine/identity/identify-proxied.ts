import { VolaryError } from '../../domain/errors.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import { BUILT_IN_ADMIN, isUserName, type User } from '../../domain/user/user.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { refusedUser } from './credentials.ts';
import type { Identified } from './identify-key.ts';
import { newUser } from './new-user.ts';
import { rightsOfUser } from './roles-of.ts';

/**
 * The user whom a trusted proxy names. Somebody who was never seen becomes a user with the role `member`; the built-in administrator
 * does not come in by the word of a proxy. Throws `unauthenticated` auth.user_refused.
 */
export async function identifyProxied(
  deps: Pick<EngineDeps, 'store' | 'clock' | 'ids' | 'log'>,
  name: string,
): Promise<Identified> {
  if (!isUserName(name) || name === BUILT_IN_ADMIN) throw refusedUser();
  const user = (await deps.store.users.getByName(name)) ?? (await welcome(deps, name));
  if (user.state !== 'active') throw refusedUser();
  return {
    name,
    rights: await rightsOfUser(deps.store, user),
    credential: { kind: 'proxy', id: null },
    expiresAt: null,
    use: null,
  };
}

async function welcome({ store, log, ...deps }: Parameters<typeof identifyProxied>[0], name: string): Promise<User> {
  const user = newUser(deps, { name, roles: ['member'], source: 'proxy' });
  try {
    await store.transaction(async (tables) => {
      await tables.users.insert(user);
      const done = { action: 'user.create', target: auditTarget('user', user), details: { source: 'proxy' } } as const;
      await recordAudit(tables, deps.clock, SYSTEM, done);
    });
    log.info('a user came by a trusted proxy for the first time', { userId: user.id, user: name });
    return user;
  } catch (error) {
    // Another request of the same user has come first.
    const other = isNameTaken(error) ? await store.users.getByName(name) : null;
    if (other === null) throw error;
    return other;
  }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'user.name_taken';
}
