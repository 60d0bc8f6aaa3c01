import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import { parseSelector, selects } from '../../domain/labels/selector.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { isPattern, rightsOf } from '../../domain/principal/rights.ts';
import { type CustomRole, isRoleName } from '../../domain/user/role.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { RoleApi } from '../apis/user-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { requireCovers } from './granting.ts';
import type { IdentityDeps } from './identity-deps.ts';
import { builtInRoles, getRole, type Role } from './roles-of.ts';

/** Roles that somebody makes: people have few, and all are listed at once. */
const MOST_ROLES = 200;
/** Of those who have a role, so many are named. */
const NAMED_USERS = 10;

export function createRoles({ store, clock, epoch }: Pick<IdentityDeps, 'store' | 'clock' | 'epoch'>): RoleApi {
  async function change<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    try {
      return await store.transaction(work);
    } finally {
      epoch.advance();
    }
  }

  return {
    async list(principal, { selector = '' } = {}) {
      authorise(principal, 'role:read');
      const wanted = parseSelector(selector);
      const custom = await store.roles.list({ limit: MOST_ROLES, after: null });
      const all = [...builtInRoles(), ...custom.map((role) => ({ ...role, custom: role }))];
      return all.filter(({ labels }) => selects(wanted, labels));
    },
    async get(principal, name) {
      authorise(principal, 'role:read');
      return await findRole(store, name);
    },
    async put(principal, name, { labels = {}, ...asked }) {
      authorise(principal, 'role:create');
      if (!isRoleName(name)) throw invalidName(name);
      requirePatterns(asked.permissions);
      checkLabels(labels);
      requireCovers(principal, rightsOf(asked.permissions));
      return await change(async (tables) => {
        const before = await getRole(tables, name);
        const role = await write(tables, before, { ...asked, name, labels }, { principal, now: clock.now() });
        await recordAudit(tables, clock, principal, {
          action: 'role.put',
          target: auditTarget('role', { name }),
          details: { permissions: role.permissions, is_new: before === null },
        });
        return { role: { ...role, custom: role }, isNew: before === null };
      });
    },
    async delete(principal, name) {
      authorise(principal, 'role:delete');
      await change(async (tables) => {
        const role = await findRole(tables, name);
        if (role.custom === null) throw builtIn(name);
        requireCovers(principal, rightsOf(role.permissions));
        const users = await tables.users.listWithRole(name, NAMED_USERS);
        if (users.length > 0)
          throw inUse(
            name,
            users.map((user) => user.name),
          );
        await tables.roles.delete(name);
        await recordAudit(tables, clock, principal, { action: 'role.delete', target: auditTarget('role', { name }) });
      });
    },
  };
}

async function write(
  tables: Tables,
  before: Role | null,
  asked: Pick<CustomRole, 'name' | 'description' | 'permissions' | 'labels'>,
  { principal, now }: { readonly principal: Principal; readonly now: number },
): Promise<CustomRole> {
  if (before === null) {
    if ((await tables.roles.list({ limit: MOST_ROLES, after: null })).length >= MOST_ROLES) throw tooMany();
    const made: CustomRole = { ...asked, createdAt: now, updatedAt: now, revision: 1 };
    await tables.roles.insert(made);
    return made;
  }
  if (before.custom === null) throw builtIn(asked.name);
  // What is taken from those who have the role must be held as well: else the weaker could disarm the stronger.
  requireCovers(principal, rightsOf(before.permissions));
  const { createdAt, updatedAt, revision } = before.custom;
  const changed = { ...asked, createdAt, updatedAt: Math.max(now, updatedAt + 1), revision: revision + 1 };
  await tables.roles.update(changed);
  return changed;
}

async function findRole(tables: Pick<Tables, 'roles'>, name: string): Promise<Role> {
  const role = await getRole(tables, name);
  if (role !== null) return role;
  throw new VolaryError('not_found', 'There is no such role.', { reason: 'role.unknown' });
}

/** Throws `invalid_argument` role.invalid_permission unless each stands for something. */
export function requirePatterns(permissions: readonly string[]): void {
  const wrong = permissions.find((pattern) => !isPattern(pattern));
  if (wrong === undefined) return;
  throw new VolaryError('invalid_argument', `${wrong} stands for no permission there is.`, {
    reason: 'role.invalid_permission',
    details: { field: 'permissions', permission: wrong },
  });
}

function invalidName(name: string): VolaryError {
  return new VolaryError('invalid_argument', `${name} is not a name that a role can have.`, {
    reason: 'role.invalid_name',
    details: { field: 'name' },
  });
}

function builtIn(name: string): VolaryError {
  return new VolaryError('failed_precondition', `The role ${name} is built in, and cannot be changed.`, {
    reason: 'role.built_in',
  });
}

function inUse(name: string, users: readonly string[]): VolaryError {
  return new VolaryError('failed_precondition', `Users have the role ${name}: ${users.join(', ')}.`, {
    reason: 'role.in_use',
    details: { users },
  });
}

function tooMany(): VolaryError {
  return new VolaryError('resource_exhausted', `There are ${MOST_ROLES} roles, and there may be no more.`, {
    reason: 'role.too_many',
    details: { maximum: MOST_ROLES },
  });
}
