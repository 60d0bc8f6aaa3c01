import { VolaryError } from '../../domain/errors.ts';
import { INTEGRATION_NAMES, type IntegrationName } from '../../domain/integrations.ts';
import { type Credential, SYSTEM } from '../../domain/principal/principal.ts';
import { BUILT_IN_ADMIN, isUserName, type User, type UserSource } from '../../domain/user/user.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { refusedUser } from './credentials.ts';
import type { Identified } from './identify-key.ts';
import { newUser } from './new-user.ts';
import { rightsOfUser } from './roles-of.ts';

/** Who asks from this machine without a key. */
const LOOPBACK_USER = 'api';
/** Nobody who is new comes in as these by the word of a proxy. */
const KEPT_NAMES: ReadonlySet<string> = new Set(INTEGRATION_NAMES);

type WelcomeDeps = Pick<EngineDeps, 'store' | 'clock' | 'ids' | 'log'>;

/**
 * The user whom a trusted proxy names. Somebody who was never seen becomes a user with the role `member`; the built-in administrator
 * does not come in by the word of a proxy, nor does the user of this machine or of an integration. Throws `unauthenticated` auth.user_refused.
 */
export async function identifyProxied(deps: WelcomeDeps, name: string): Promise<Identified> {
  if (!isUserName(name) || [BUILT_IN_ADMIN, LOOPBACK_USER].includes(name)) throw refusedUser();
  const known = await deps.store.users.getByName(name);
  if (known === null ? KEPT_NAMES.has(name) : standsForOthers(known)) throw refusedUser();
  const user = known ?? (await welcome(deps, { name, role: 'member', source: 'proxy' }));
  return await identified(deps, user, { kind: 'proxy', id: null });
}

/**
 * The user that stands for whoever is on this machine: an operator, unless an administrator has given it other roles. An account of that
 * name which is somebody's own is nobody else's: then `unauthenticated` auth.user_refused.
 */
export async function identifyLoopback(deps: WelcomeDeps): Promise<Identified> {
  const asked = { name: LOOPBACK_USER, role: 'operator', source: 'loopback' } as const;
  const user = (await deps.store.users.getByName(LOOPBACK_USER)) ?? (await welcome(deps, asked));
  if (user.source !== 'loopback') throw refusedUser();
  return await identified(deps, user, { kind: 'loopback', id: null });
}

/**
 * The user that stands for whoever sends commands by this integration: an operator, unless an administrator has given it other roles. Who it was is
 * named beside. An account of that name which is somebody's own is nobody else's: then `unauthenticated` auth.user_refused.
 */
export async function identifyIntegration(
  deps: WelcomeDeps,
  { name, userId }: { readonly name: IntegrationName; readonly userId: string },
): Promise<Identified> {
  const asked = { name, role: 'operator', source: 'integration' } as const;
  const user = (await deps.store.users.getByName(name)) ?? (await welcome(deps, asked));
  if (user.source !== 'integration') throw refusedUser();
  return await identified(deps, user, { kind: 'integration', id: userId });
}

function standsForOthers({ source }: User): boolean {
  return source === 'loopback' || source === 'integration';
}

async function identified({ store }: WelcomeDeps, user: User, credential: Credential): Promise<Identified> {
  if (user.state !== 'active') throw refusedUser();
  return {
    name: user.name,
    rights: await rightsOfUser(store, user),
    credential,
    expiresAt: null,
    use: null,
  };
}

interface Newcomer {
  readonly name: string;
  readonly role: 'member' | 'operator';
  readonly source: Exclude<UserSource, 'local'>;
}

async function welcome({ store, log, ...deps }: WelcomeDeps, { name, role, source }: Newcomer): Promise<User> {
  const user = newUser(deps, { name, roles: [role], source });
  try {
    await store.transaction(async (tables) => {
      await tables.users.insert(user);
      const done = { action: 'user.create', target: auditTarget('user', user), details: { source } } as const;
      await recordAudit(tables, deps.clock, SYSTEM, done);
    });
    log.info('a user came without a key for the first time', { userId: user.id, user: name, source });
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
