/** Somebody who asks: a user, an API key, or the bootstrap administrator. */
export interface Principal {
  readonly kind: 'admin' | 'system';
  /** Shown in operations and events. */
  readonly name: string;
  /** `vm:create`, `vm:*`, `*`. */
  readonly permissions: readonly string[];
}

/** The server itself, where nobody has asked: a restart by policy, a VM that is idle or whose time is over. */
export const SYSTEM: Principal = { kind: 'system', name: 'system', permissions: ['*'] };

/** What a principal may be allowed to do, as `resource:verb`. */
export const PERMISSIONS = [
  'vm:read',
  'vm:create',
  'vm:update',
  'vm:delete',
  'vm:power',
  'vm:exec',
  'image:read',
  'image:build',
  'image:delete',
  'operation:read',
  'operation:cancel',
  'event:read',
  'host:read',
  'snapshot:read',
  'snapshot:create',
  'snapshot:delete',
  'system:read',
  'system:prune',
  'webhook:read',
  'webhook:create',
  'webhook:update',
  'webhook:delete',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** True when one of the principal's permissions covers this one: itself, `resource:*` or `*`. */
export function isPermitted(principal: Principal, permission: Permission): boolean {
  const resource = permission.slice(0, permission.indexOf(':'));
  return principal.permissions.some((held) => held === '*' || held === `${resource}:*` || held === permission);
}
