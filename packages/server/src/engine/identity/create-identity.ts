import type { EngineConfig } from '../deps.ts';
import type { ApiKeyApi, RoleApi, UserApi } from '../user-api.ts';
import { createApiKeys } from './api-keys.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { invalidKey, type VerifyToken } from './credentials.ts';
import type { IdentityDeps } from './identity-deps.ts';
import { createIdentityEpoch } from './identity-epoch.ts';
import { createKeyUses } from './key-uses.ts';
import { createOwnAccount, ensureBuiltInAdmin, makeFirstPassword } from './own-account.ts';
import { createRoles } from './roles.ts';
import { createUsers } from './users.ts';

/** Accounts, roles and keys, and who asks. */
export interface Identity {
  readonly users: UserApi;
  readonly roles: RoleApi;
  readonly apiKeys: ApiKeyApi;
  readonly authenticate: Authenticate;
  /** Makes the built-in administrator's account on an installation that is new. */
  start(): Promise<void>;
  /** Resolves when nothing more is being written. */
  stop(): Promise<void>;
}

/** No session is known here. */
const noTokens: VerifyToken = async () => {
  throw invalidKey();
};

export function createIdentity(
  deps: Omit<IdentityDeps, 'epoch'>,
  { adminKey }: Pick<EngineConfig, 'adminKey'>,
): Identity {
  const epoch = createIdentityEpoch();
  const uses = createKeyUses(deps);
  const parts = { ...deps, epoch };
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
    authenticate: createAuthenticate({ ...parts, ensureAdmin, uses, verifyToken: noTokens, adminKey }),
    start: ensureAdmin,
    stop: () => uses.settled(),
  };
}
