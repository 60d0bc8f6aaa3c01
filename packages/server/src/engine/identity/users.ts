import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { User } from '../../domain/user/user.ts';
import type { OwnedCounts } from '../../ports/tables/user-table.ts';
import { authorise } from '../access/authorise.ts';
import type { CreateUserRequest, UserApi, UserChange } from '../apis/user-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { selectedPage } from '../queries/selected-page.ts';
import type { Unchanged } from '../requests.ts';
import { changeUser } from './change-user.ts';
import { findAnyUser, findUser } from './find-user.ts';
import { requireCovers, requireOtherAdmin } from './granting.ts';
import type { IdentityDeps } from './identity-deps.ts';
import { newUser, requireGoodPassword } from './new-user.ts';
import { requireRoles, rightsOfUser } from './roles-of.ts';

/** Accounts, but for what a user does with the own one. */
export function createUsers(deps: IdentityDeps): Omit<UserApi, 'me' | 'updateMe' | 'makeFirstPassword'> {
  const { store } = deps;
  return {
    create: (principal, request) => createUser(deps, principal, request),
    async get(principal, ref) {
      authorise(principal, 'user:read');
      return await findAnyUser(store, ref);
    },
    async list(principal, { states, ...asked }) {
      authorise(principal, 'user:read');
      return await selectedPage(asked, (page) => store.users.list({ ...page, states }));
    },
    update: (principal, ref, change, unchanged) => updateUser(deps, principal, ref, change, unchanged),
    delete: (principal, ref, unchanged) => deleteUser(deps, principal, ref, unchanged),
    async setPassword(principal, ref, password) {
      authorise(principal, 'user:update');
      requireGoodPassword(password, await findUser(store, ref));
      const passwordHash = await deps.passwordHasher.hash(password);
      await changeUser(deps, principal, ref, () => ({ passwordHash, passwordChangedAt: deps.clock.now() }));
    },
  };
}

async function createUser(deps: IdentityDeps, principal: Principal, request: CreateUserRequest): Promise<User> {
  authorise(principal, 'user:create');
  const { password, ...asked } = request;
  checkLabels(asked.labels);
  // What cannot be is refused before the work of a password is done for it.
  newUser(deps, asked);
  await requireRoles(deps.store, asked.roles);
  requireCovers(principal, await rightsOfUser(deps.store, asked));
  if (password !== null) requireGoodPassword(password, asked);
  const passwordHash = password === null ? null : await deps.passwordHasher.hash(password);
  const user = newUser(deps, { ...asked, passwordHash });
  try {
    await deps.store.transaction(async (tables) => {
      // A role may have been changed or removed meanwhile.
      await requireRoles(tables, user.roles);
      requireCovers(principal, await rightsOfUser(tables, user));
      await tables.users.insert(user);
      const target = auditTarget('user', user);
      await recordAudit(tables, deps.clock, principal, {
        ...{ action: 'user.create', target },
        details: { roles: user.roles },
      });
    });
  } finally {
    deps.epoch.advance();
  }
  return user;
}

async function updateUser(
  deps: IdentityDeps,
  principal: Principal,
  ref: string,
  change: UserChange,
  unchanged: Unchanged | undefined,
): Promise<User> {
  authorise(principal, 'user:update');
  if (change.labels !== undefined) checkLabels(change.labels);
  return await changeUser(
    deps,
    principal,
    ref,
    async (user, tables) => {
      const { roles, state } = change;
      if (roles !== undefined) {
        await requireRoles(tables, roles);
        requireCovers(principal, await rightsOfUser(tables, { roles }));
      }
      const losesAdmin = roles !== undefined && !roles.includes('admin');
      if (losesAdmin || state === 'disabled') await requireOtherAdmin(tables, user);
      return change;
    },
    unchanged,
  );
}

async function deleteUser(
  deps: IdentityDeps,
  principal: Principal,
  ref: string,
  unchanged: Unchanged | undefined,
): Promise<void> {
  authorise(principal, 'user:delete');
  await changeUser(
    deps,
    principal,
    ref,
    async (user, tables) => {
      await requireOtherAdmin(tables, user);
      const owned = await tables.users.countOwned(user.name);
      if (Object.values(owned).some((count) => count > 0)) throw ownsResources(user, owned);
      await tables.apiKeys.deleteOf(user.name);
      return {
        ...{ state: 'deleted', email: null, displayName: '', roles: [], quota: null, labels: {} },
        ...{ passwordHash: null, passwordChangedAt: null, mfa: null },
      } satisfies Partial<User>;
    },
    unchanged,
  );
}

function ownsResources({ name }: User, owned: OwnedCounts): VolaryError {
  const words = Object.entries(owned)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${what}: ${count}`);
  return new VolaryError(
    'failed_precondition',
    `${name} still owns something (${words.join(', ')}); delete that first.`,
    {
      reason: 'user.owns_resources',
      details: { ...owned },
    },
  );
}
