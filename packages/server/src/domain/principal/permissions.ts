/** What a principal may be allowed to do, as `resource:verb`. */
export const PERMISSIONS = [
  'vm:read',
  'vm:create',
  'vm:update',
  'vm:delete',
  'vm:power',
  'vm:exec',
  'image:read',
  'image:create',
  'image:import-local',
  'image:build',
  'image:delete',
  'tool:read',
  'tool:build',
  'tool:delete',
  'operation:read',
  'operation:cancel',
  'event:read',
  'host:read',
  'snapshot:read',
  'snapshot:create',
  'snapshot:delete',
  'system:read',
  'system:prune',
  'template:read',
  'template:create',
  'template:update',
  'template:delete',
  'warm-template:read',
  'warm-template:build',
  'warm-template:delete',
  'webhook:read',
  'webhook:create',
  'webhook:update',
  'webhook:delete',
  'secret:read',
  'secret:create',
  'secret:update',
  'secret:delete',
  'secret:use',
  'sealing-key:rotate',
  'user:read',
  'user:create',
  'user:update',
  'user:delete',
  'role:read',
  'role:create',
  'role:delete',
  'api-key:read',
  'api-key:create',
  'api-key:delete',
  'session:read',
  'session:delete',
  'audit:read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The part before the colon. */
export type Resource = Permission extends infer P ? (P extends `${infer R}:${string}` ? R : never) : never;

/** Resources that belong to somebody; the others belong to the installation. */
export const OWNED_RESOURCES: ReadonlySet<string> = new Set([
  'vm',
  'operation',
  'event',
  'snapshot',
  'webhook',
  'secret',
  'template',
  'api-key',
  'session',
] as const satisfies readonly Resource[]);

/** The resource and the verb of a permission. */
export function partsOf(permission: Permission): { readonly resource: string; readonly verb: string } {
  const colon = permission.indexOf(':');
  return { resource: permission.slice(0, colon), verb: permission.slice(colon + 1) };
}
