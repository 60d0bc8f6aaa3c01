/**
 * Who asks. Most requests carry a credential that was verified before, and are answered from memory at once; what was found out is forgotten
 * with the next change of any account, role, key or session, so that a key that is revoked is refused from then on.
 */
import type { Principal, RequestOrigin } from '../../domain/principal/principal.ts';
import type { EngineDeps } from '../deps.ts';
import { type Credentials, invalidKey, type VerifyToken } from './credentials.ts';
import { type AdminDeps, type Identified, identifyAdmin, identifyApiKey } from './identify-key.ts';
import { identifyIntegration, identifyLoopback, identifyProxied } from './identify-proxied.ts';
import type { IdentityEpoch } from './identity-epoch.ts';
import type { KeyUses } from './key-uses.ts';
import { rightsOfUser } from './roles-of.ts';
import { createVerifiedCredentials } from './verified-credentials.ts';

/**
 * The principal who presents these credentials, from there: at once when they were verified before. Throws or rejects with `unauthenticated`
 * auth.key_invalid / auth.key_expired / auth.token_invalid / auth.token_expired / auth.user_refused.
 */
export type Authenticate = (credentials: Credentials, origin: RequestOrigin) => Principal | Promise<Principal>;

export type AuthenticateDeps = Pick<EngineDeps, 'store' | 'clock' | 'ids' | 'log' | 'keyMaterial'> &
  AdminDeps & {
    readonly epoch: IdentityEpoch;
    readonly uses: KeyUses;
    readonly verifyToken: VerifyToken;
    readonly adminKey: string | null;
  };

export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { clock, keyMaterial, epoch, uses } = deps;
  const adminDigest = deps.adminKey === null ? null : keyMaterial.digest(deps.adminKey);
  // By what was presented: an access token is no API key because it was once presented as a bearer.
  const known = {
    key: createVerifiedCredentials<Identified>(epoch),
    bearer: createVerifiedCredentials<Identified>(epoch),
    proxy: createVerifiedCredentials<Identified>(epoch),
    loopback: createVerifiedCredentials<Identified>(epoch),
    integration: createVerifiedCredentials<Identified>(epoch),
  };

  function toPrincipal({ name, rights, credential, use }: Identified, origin: RequestOrigin, now: number): Principal {
    if (use !== null) uses.note(use, now);
    return { kind: 'user', name, rights, credential, origin };
  }

  async function identify(credentials: Credentials, digest: string): Promise<Identified> {
    if (credentials.kind === 'proxy') return await identifyProxied(deps, credentials.name);
    if (credentials.kind === 'loopback') return await identifyLoopback(deps);
    if (credentials.kind === 'integration') return await identifyIntegration(deps, credentials);
    if (adminDigest !== null && keyMaterial.isSame(digest, adminDigest)) return await identifyAdmin(deps);
    if (credentials.kind === 'bearer' && isToken(credentials.value))
      return await identifySession(deps, credentials.value);
    return await identifyApiKey(deps, credentials.value, digest);
  }

  return (credentials, origin) => {
    const handle = handleOf(credentials, keyMaterial);
    const now = clock.now();
    const verified = known[credentials.kind].get(handle, now);
    if (verified !== null) return toPrincipal(verified, origin, now);
    const lookedAt = epoch.current();
    return identify(credentials, handle).then((identified) => {
      known[credentials.kind].keep(handle, identified, lookedAt);
      return toPrincipal(identified, origin, now);
    });
  };
}

/** By which it is known again. No credential is kept as it is. */
function handleOf(credentials: Credentials, { digest }: AuthenticateDeps['keyMaterial']): string {
  switch (credentials.kind) {
    case 'proxy':
      return credentials.name;
    case 'loopback':
      return '';
    case 'integration':
      return JSON.stringify([credentials.name, credentials.userId]);
    case 'key':
    case 'bearer':
      return digest(credentials.value);
    default:
      return credentials satisfies never;
  }
}

/** Three parts with dots between, as a JSON Web Token is written; keys have no dot. */
function isToken(value: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(value);
}

async function identifySession({ store, verifyToken }: AuthenticateDeps, token: string): Promise<Identified> {
  const { userId, sessionId, expiresAt } = await verifyToken(token);
  const user = await store.users.get(userId);
  if (user?.state !== 'active') throw invalidKey();
  return {
    name: user.name,
    rights: await rightsOfUser(store, user),
    credential: { kind: 'session', id: sessionId },
    expiresAt,
    use: null,
  };
}
