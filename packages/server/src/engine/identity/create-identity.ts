import { createGuessLimits } from '../access/guess-limits.ts';
import type { Ages } from '../ages.ts';
import type { AuthApi } from '../apis/auth-api.ts';
import type { ApiKeyApi, RoleApi, UserApi } from '../apis/user-api.ts';
import type { EngineConfig } from '../deps.ts';
import { createApiKeys } from './api-keys.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { type AuthDeps, createAuth } from './create-auth.ts';
import type { IdentityDeps } from './identity-deps.ts';
import { createIdentityEpoch } from './identity-epoch.ts';
import { createKeyUses } from './key-uses.ts';
import { createOwnAccount, ensureBuiltInAdmin, makeFirstPassword } from './own-account.ts';
import { createPrincipalWatch, type PrincipalWatch } from './principal-watch.ts';
import { createRoles } from './roles.ts';
import { createUsers } from './users.ts';

/** Accounts, roles and keys, and who asks. */
export interface Identity {
  readonly users: UserApi;
  readonly roles: RoleApi;
  readonly apiKeys: ApiKeyApi;
  readonly auth: AuthApi;
  readonly authenticate: Authenticate;
  /** Tells when somebody who was let in is not any more. */
  readonly watchPrincipal: PrincipalWatch['watch'];
  /** Makes the built-in administrator's account on an installation that is new. */
  start(): Promise<void>;
  /** What is to be done now and then: keys of tokens are changed by age, sessions that are over are dropped. */
  look(): Promise<void>;
  /** Resolves when nothing more is being written. */
  stop(): Promise<void>;
}

export function createIdentity(
  deps: Omit<IdentityDeps, 'epoch'> & AuthDeps,
  config: Pick<EngineConfig, 'adminKey' | 'hostId' | 'sessions'>,
  ages: Ages,
): Identity {
  const { adminKey } = config;
  const epoch = createIdentityEpoch();
  const uses = createKeyUses(deps);
  const parts = { ...deps, epoch };
  const auth = createAuth(deps, config, { epoch, ages, guesses: createGuessLimits(deps) });
  const watch = createPrincipalWatch({ ...parts, limits: config.sessions });
  let isFirstStart = false;

  async function ensureAdmin(): Promise<void> {
    if (await ensureBuiltInAdmin(deps)) isFirstStart = true;
  }

  return {
    users: {
      ...createUsers(parts),
      ...createOwnAccount(parts),
      makeFirstPassword: async () => (isFirstStart ? await makeFirstPassword(parts) : null),
    },
    roles: createRoles(parts),
    apiKeys: createApiKeys(parts),
    auth: auth.api,
    authenticate: createAuthenticate({ ...parts, ensureAdmin, uses, verifyToken: auth.verifyToken, adminKey }),
    watchPrincipal: watch.watch,
    start: ensureAdmin,
    async look() {
      await auth.look();
      await watch.look();
    },
    stop: () => uses.settled(),
  };
}
