import type { ApiKey, Me, Role, User } from '@volary/contract';
import { formatAge, formatPairs } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';

/** Users as a table. */
export function formatUsers(users: readonly User[]): string {
  return formatTable(
    ['NAME', 'STATE', 'ROLES', 'EMAIL', 'LOGIN'],
    users.map((user) => [user.name, user.state, rolesOf(user), user.email ?? '-', formatAge(user.last_login_at)]),
  );
}

/** All that is known of a user, for people. */
export function formatUser(user: User): string {
  const { quota } = user;
  const limits = Object.entries(quota ?? {}).map(([kind, value]) => `${kind}=${value}`);
  return formatFields([
    ['id', user.id],
    ['name', user.name],
    ['email', user.email ?? '-'],
    ['display name', user.display_name === '' ? '-' : user.display_name],
    ['roles', rolesOf(user)],
    ['state', user.state],
    ['source', user.source],
    ['password', user.has_password ? 'set' : 'none'],
    ['second factor', user.mfa_enabled ? 'on' : 'off'],
    ['quota', limits.length === 0 ? '-' : limits.join(', ')],
    ['labels', formatPairs(user.labels)],
    ['created', `${user.created_at}, ${formatAge(user.created_at)} ago`],
    ['last login', user.last_login_at === null ? '-' : `${formatAge(user.last_login_at)} ago`],
  ]);
}

/** Roles as a table. */
export function formatRoles(roles: readonly Role[]): string {
  return formatTable(
    ['NAME', 'KIND', 'PERMISSIONS', 'DESCRIPTION'],
    roles.map((role) => [
      role.name,
      role.is_built_in ? 'built-in' : 'custom',
      role.permissions.join(','),
      role.description === '' ? '-' : role.description,
    ]),
  );
}

/** API keys as a table. */
export function formatKeys(keys: readonly ApiKey[]): string {
  return formatTable(
    ['ID', 'NAME', 'OWNER', 'PREFIX', 'PERMISSIONS', 'EXPIRES', 'USED'],
    keys.map((key) => [
      key.id,
      key.name,
      key.owner,
      key.prefix,
      key.permissions?.join(',') ?? 'all',
      key.expires_at ?? 'never',
      formatAge(key.last_used_at),
    ]),
  );
}

/** Who asks, for people. */
export function formatMe({ user, credential, permissions }: Me): string {
  return formatFields([
    ['user', user.name],
    ['email', user.email ?? '-'],
    ['roles', rolesOf(user)],
    ['by', `${credential.kind.replace('_', ' ')}${credential.id === null ? '' : ` ${credential.id}`}`],
    ['may', linesByResource(permissions)],
  ]);
}

/** A line for each resource: in one they would be some 900 characters. */
function linesByResource(permissions: readonly string[]): string {
  const resources = [...new Set(permissions.map(resourceOf))];
  return resources.map((each) => permissions.filter((one) => resourceOf(one) === each).join(' ')).join('\n');
}

function resourceOf(permission: string): string {
  return permission.slice(0, permission.indexOf(':'));
}

function rolesOf({ roles }: User): string {
  return roles.length === 0 ? '-' : roles.join(',');
}
