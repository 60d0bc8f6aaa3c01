/**
 * What a principal was let in for may last: a stream of events, a console, the output of a command. Requests are asked each time
 * who sends them; these are asked again whenever an account, a role, a key or a session has changed.
 */
import { type ApiKeyId, parseId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { covers, NO_RIGHTS, type Rights, restrict, rightsOf } from '../../domain/principal/rights.ts';
import { isLive } from '../../domain/session/session.ts';
import type { EngineDeps, SessionLimits } from '../deps.ts';
import type { IdentityEpoch } from './identity-epoch.ts';
import { rightsOfUser } from './roles-of.ts';
import { sessionOf } from './sessions.ts';

export interface PrincipalWatch {
  /**
   * Has `lost` called, once, when the principal's credential is good no more, or gives less than it did. Only users are watched. The returned
   * function ends that.
   */
  watch(principal: Principal, lost: () => void): () => void;
  /** Looks at all that are watched: what ends by time alone is told by no change. */
  look(): Promise<void>;
}

export type PrincipalWatchDeps = Pick<EngineDeps, 'store' | 'clock' | 'log'> & {
  readonly epoch: IdentityEpoch;
  readonly limits: SessionLimits;
};

interface Watched {
  readonly principal: Principal;
  readonly lost: () => void;
}

export function createPrincipalWatch(deps: PrincipalWatchDeps): PrincipalWatch {
  const { epoch, log } = deps;
  const watched = new Set<Watched>();
  let looking: Promise<void> | null = null;
  let isStale = false;

  async function lookOnce(): Promise<void> {
    // One credential may have thousands of streams.
    const known = new Map<string, Promise<Rights>>();
    for (const each of [...watched]) {
      const { principal } = each;
      const { name, credential } = principal;
      const handle = JSON.stringify([credential.kind, credential.id, name]);
      const present = known.get(handle) ?? presentRights(deps, principal);
      known.set(handle, present);
      if (covers(await present, principal.rights)) continue;
      if (watched.delete(each)) each.lost();
    }
  }

  async function lookUntilFresh(): Promise<void> {
    while (isStale && watched.size > 0) {
      isStale = false;
      await lookOnce();
    }
  }

  function look(): Promise<void> {
    isStale = true;
    looking ??= lookUntilFresh().finally(() => {
      looking = null;
    });
    return looking;
  }

  epoch.onAdvance(() => {
    look().catch((error: unknown) => log.warn('who follows something was not looked at again', { error }));
  });

  return {
    watch(principal, lost) {
      if (principal.kind !== 'user') return () => undefined;
      const each = { principal, lost };
      watched.add(each);
      return () => void watched.delete(each);
    },
    look,
  };
}

/** What the credential gives now; nothing when it is good no more. */
async function presentRights(deps: PrincipalWatchDeps, principal: Principal): Promise<Rights> {
  const { store, clock, limits } = deps;
  const user = await store.users.getByName(principal.name);
  if (user?.state !== 'active') return NO_RIGHTS;
  const rights = await rightsOfUser(store, user);
  const { kind, id } = principal.credential;
  if (kind === 'api_key') return await restrictedBy(deps, parseId('key', id ?? ''), rights);
  if (kind !== 'session') return rights;
  const sessionId = sessionOf(principal);
  const session = sessionId === null ? null : await store.sessions.get(sessionId);
  return session !== null && isLive(session, limits, clock.now()) ? rights : NO_RIGHTS;
}

async function restrictedBy(
  { store, clock }: PrincipalWatchDeps,
  id: ApiKeyId | null,
  rights: Rights,
): Promise<Rights> {
  const key = id === null ? null : await store.apiKeys.get(id);
  if (key === null || (key.expiresAt !== null && key.expiresAt <= clock.now())) return NO_RIGHTS;
  return key.permissions === null ? rights : restrict(rights, rightsOf(key.permissions));
}
