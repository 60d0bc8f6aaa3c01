import { type Static, Type } from 'typebox';
import { Labels } from './labels.ts';
import { LIMITS } from './limits.ts';
import { component, nullableTimestamp, object } from './schema.ts';
import { PermissionPattern, RoleName } from './users.ts';

const Patterns = Type.Array(PermissionPattern, {
  minItems: 1,
  maxItems: LIMITS.users.patterns,
  description: 'What it allows.',
  examples: [['vm:read', 'vm:*@own']],
});
const Description = Type.String({
  maxLength: LIMITS.users.descriptionLength,
  pattern: '^[^\\u0000]*$',
  description: 'For people.',
  examples: ['Deploys'],
});

const EXAMPLE_ROLE = {
  name: 'deployer',
  description: 'Deploys',
  permissions: ['vm:read', 'vm:*@own'],
  labels: {},
  is_built_in: false,
  created_at: '2026-01-31T11:00:00.000Z',
  updated_at: '2026-01-31T11:00:00.000Z',
} as const;

export const Role = component(
  'Role',
  {
    name: RoleName,
    description: Description,
    permissions: Patterns,
    labels: Labels,
    is_built_in: Type.Boolean({ description: 'True: it is there everywhere, and nobody changes it.' }),
    created_at: nullableTimestamp('When it was made; null of a built-in one.'),
    updated_at: nullableTimestamp('When it was changed last; null of a built-in one.'),
  },
  { description: 'A name for patterns of permissions.', examples: [EXAMPLE_ROLE] },
);
export type Role = Static<typeof Role>;

export const RoleList = component(
  'RoleList',
  { items: Type.Array(Role, { description: 'All of them, the built-in ones first.' }) },
  { description: 'All roles.', examples: [{ items: [EXAMPLE_ROLE] }] },
);
export type RoleList = Static<typeof RoleList>;

export const PutRoleRequest = component(
  'PutRoleRequest',
  { permissions: Patterns, description: Type.Optional(Description), labels: Type.Optional(Labels) },
  { description: 'What a role is to be.', examples: [{ permissions: ['vm:read', 'vm:*@own'] }] },
);
export type PutRoleRequest = Static<typeof PutRoleRequest>;

export const RoleParams = object({ name: RoleName }, { description: 'A role.' });
