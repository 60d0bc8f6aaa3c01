import { restrict, rightsOf } from '../../domain/principal/rights.ts';
import { prefixOfApiKey } from '../../domain/user/api-key.ts';
import { BUILT_IN_ADMIN, type User } from '../../domain/user/user.ts';
import type { EngineDeps } from '../deps.ts';
import { expiredKey, invalidKey } from './credentials.ts';
import type { KeyUse } from './key-uses.ts';
import { rightsOfUser } from './roles-of.ts';
import type { Verified } from './verified-credentials.ts';

/** What a credential stands for, and the key whose use is to be noted. */
export interface Identified extends Verified {
  readonly use: KeyUse | null;
}

type KeyDeps = Pick<EngineDeps, 'store' | 'clock' | 'keyMaterial'>;

/** `ensureAdmin` makes the built-in administrator's account, unless there is or was one. */
export type AdminDeps = Pick<EngineDeps, 'store'> & { readonly ensureAdmin: () => Promise<void> };

/** Compared with where there is no such key, so that it takes as long. */
const NO_DIGEST = '-'.repeat(43);

/** Whose API key this is. Throws `unauthenticated` auth.key_invalid, auth.key_expired. */
export async function identifyApiKey(deps: KeyDeps, value: string, digest: string): Promise<Identified> {
  const { store, clock, keyMaterial } = deps;
  const prefix = prefixOfApiKey(value);
  const key = prefix === null ? null : await store.apiKeys.getByPrefix(prefix);
  const isKey = keyMaterial.isSame(digest, key?.digest ?? NO_DIGEST);
  if (key === null || !isKey) throw invalidKey();
  if (key.expiresAt !== null && key.expiresAt <= clock.now()) throw expiredKey();
  const rights = await rightsOfUser(store, requireActive(await store.users.getByName(key.owner)));
  return {
    name: key.owner,
    rights: key.permissions === null ? rights : restrict(rights, rightsOf(key.permissions)),
    credential: { kind: 'api_key', id: key.id },
    expiresAt: key.expiresAt,
    use: { id: key.id, notedAt: key.lastUsedAt },
  };
}

/** The built-in administrator, whose key was presented. Throws `unauthenticated` auth.key_invalid while that account may not be used. */
export async function identifyAdmin({ store, ensureAdmin }: AdminDeps): Promise<Identified> {
  // The first request may come before the engine has started.
  await ensureAdmin();
  const admin = requireActive(await store.users.getByName(BUILT_IN_ADMIN));
  return {
    name: admin.name,
    rights: await rightsOfUser(store, admin),
    credential: { kind: 'admin_key', id: null },
    expiresAt: null,
    use: null,
  };
}

function requireActive(user: User | null): User {
  if (user?.state === 'active') return user;
  throw invalidKey();
}
