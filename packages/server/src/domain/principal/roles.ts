/** Patterns of the roles that every installation has; nobody changes them. */
export const BUILT_IN_ROLES = {
  /** Everything. */
  admin: ['*'],
  /** Runs the machines, whosever they are; no accounts, no audit. */
  operator: [
    'vm:*',
    'snapshot:*',
    'image:*',
    'tool:*',
    'template:*',
    'warm-template:*',
    'deployment:*',
    'workspace:*',
    'operation:*',
    'event:*',
    'host:*',
    'system:*',
    'webhook:*',
    'network:*',
    'security-group:*',
    'volume:*',
    'secret:*@own',
    'api-key:*@own',
    'session:*@own',
  ],
  /** Looks at everything that runs, and changes nothing but its own credentials. */
  viewer: [
    'vm:read',
    'snapshot:read',
    'image:read',
    'tool:read',
    'template:read',
    'warm-template:read',
    'deployment:read',
    'workspace:read',
    'operation:read',
    'event:read',
    'host:read',
    'system:read',
    'webhook:read',
    'network:read',
    'security-group:read',
    'volume:read',
    'session:*@own',
  ],
  /** Does everything with what is its own, and does not see what is not. */
  member: ['*@own', 'image:read', 'tool:read', 'template:read', 'warm-template:read', 'host:read'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
