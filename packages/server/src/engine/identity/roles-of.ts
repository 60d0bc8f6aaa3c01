import { VolaryError } from '../../domain/errors.ts';
import { type Rights, rightsOf } from '../../domain/principal/rights.ts';
import { BUILT_IN_ROLES } from '../../domain/principal/roles.ts';
import type { CustomRole } from '../../domain/user/role.ts';
import type { User } from '../../domain/user/user.ts';
import type { Tables } from '../../ports/store.ts';

const DESCRIPTIONS: Readonly<Record<keyof typeof BUILT_IN_ROLES, string>> = {
  admin: 'Everything.',
  operator: 'Runs the machines, whosever they are; no accounts, no audit log.',
  viewer: 'Looks at everything that runs, and changes nothing.',
  member: 'Everything with what is their own.',
};

/** A role, made by somebody or built in. */
export type Role = Pick<CustomRole, 'name' | 'description' | 'permissions' | 'labels'> & {
  /** Null: built in, and never changed. */
  readonly custom: CustomRole | null;
};

const BUILT_IN: ReadonlyMap<string, Role> = new Map(
  Object.entries(DESCRIPTIONS).map(([name, description]) => [
    name,
    { name, description, permissions: patternsOf(name), labels: {}, custom: null },
  ]),
);

/** The built-in roles, the strongest first. */
export function builtInRoles(): readonly Role[] {
  return [...BUILT_IN.values()];
}

/** The role with this name; null if there is none. */
export async function getRole(tables: Pick<Tables, 'roles'>, name: string): Promise<Role | null> {
  const builtIn = BUILT_IN.get(name);
  if (builtIn !== undefined) return builtIn;
  const custom = await tables.roles.get(name);
  return custom === null ? null : { ...custom, custom };
}

/** What the roles of a user allow together, as the roles now are. */
export async function rightsOfUser(tables: Pick<Tables, 'roles'>, user: Pick<User, 'roles'>): Promise<Rights> {
  return rightsOf(await permissionsOf(tables, user));
}

/** The patterns of the roles of a user, each once, as the roles now are. */
export async function permissionsOf(
  tables: Pick<Tables, 'roles'>,
  { roles }: Pick<User, 'roles'>,
): Promise<readonly string[]> {
  const patterns = new Set<string>();
  for (const name of roles) for (const each of (await getRole(tables, name))?.permissions ?? []) patterns.add(each);
  return [...patterns];
}

/** Throws `invalid_argument` user.unknown_role. */
export async function requireRoles(tables: Pick<Tables, 'roles'>, roles: readonly string[]): Promise<void> {
  for (const name of roles) {
    if ((await getRole(tables, name)) !== null) continue;
    throw new VolaryError('invalid_argument', `There is no role ${name}.`, {
      reason: 'user.unknown_role',
      details: { field: 'roles', role: name },
    });
  }
}

function patternsOf(name: string): readonly string[] {
  const patterns: Readonly<Record<string, readonly string[]>> = BUILT_IN_ROLES;
  return patterns[name] ?? [];
}
