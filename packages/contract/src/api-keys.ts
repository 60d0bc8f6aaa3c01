import { type Static, Type } from 'typebox';
import { ApiKeyId, EXAMPLE_IDS } from './ids.ts';
import { Labels, NewLabels } from './labels.ts';
import { LIMITS } from './limits.ts';
import {
  component,
  MOMENT_PATTERN,
  nullable,
  nullableString,
  nullableTimestamp,
  object,
  pageOf,
  timestamp,
} from './schema.ts';
import { PermissionPattern, UserName } from './users.ts';

const Name = Type.String({
  minLength: 1,
  maxLength: LIMITS.users.keyNameLength,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  description: 'For people; it need not be unique.',
  examples: ['CI'],
});
const Permissions = nullable(
  Type.Array(PermissionPattern, {
    minItems: 1,
    maxItems: LIMITS.users.patterns,
    description: 'What the key is restricted to.',
    examples: [['vm:read']],
  }),
);

const EXAMPLE_KEY = {
  id: EXAMPLE_IDS.apiKey,
  name: 'CI',
  owner: 'ann',
  prefix: 'vk_3f9k2mzq',
  permissions: ['vm:*@own'],
  labels: {},
  expires_at: null,
  last_used_at: '2026-01-31T12:00:00.000Z',
  created_by: 'ann',
  created_at: '2026-01-31T11:00:00.000Z',
} as const;

const fields = {
  id: ApiKeyId,
  name: Name,
  owner: Type.String({ description: 'Name of the user it belongs to.', examples: ['ann'] }),
  prefix: Type.String({
    description: 'How the key begins: enough to know it by, not to use it.',
    examples: ['vk_3f9k2mzq'],
  }),
  permissions: Permissions,
  labels: Labels,
  expires_at: nullableTimestamp('When it is refused from; null: never.'),
  last_used_at: nullableTimestamp('When it was used last, to the minute; null: never.'),
  created_by: Type.String({ description: 'Who made it.', examples: ['ann'] }),
  created_at: timestamp('When it was made.'),
};

export const ApiKey = component('ApiKey', fields, {
  description: 'A credential for programs. It may do what its owner may, within `permissions` where they are not null.',
  examples: [EXAMPLE_KEY],
});
export type ApiKey = Static<typeof ApiKey>;

export const ApiKeyPage = pageOf('ApiKeyPage', ApiKey, EXAMPLE_KEY);
export type ApiKeyPage = Static<typeof ApiKeyPage>;

export const ApiKeyWithSecret = component(
  'ApiKeyWithSecret',
  { ...fields, key: Type.String({ description: 'The key itself. Shown this once, and not kept.' }) },
  {
    description: 'An API key that has just been made.',
    examples: [{ ...EXAMPLE_KEY, last_used_at: null, key: 'vk_3f9k2mzq_Jq0x3m4tFJX0lGZr2b0XH3v5cJm2yq7m8Cq9yJkM1bE' }],
  },
);
export type ApiKeyWithSecret = Static<typeof ApiKeyWithSecret>;

export const CreateApiKeyRequest = component(
  'CreateApiKeyRequest',
  {
    name: Name,
    owner: Type.Optional(UserName),
    permissions: Type.Optional(Permissions),
    labels: Type.Optional(Labels),
    expires_at: Type.Optional(
      nullableString({
        pattern: MOMENT_PATTERN,
        description: 'When it is to be refused from, as `2026-01-31T12:00:00Z`; null: never.',
      }),
    ),
  },
  {
    description: "An API key. Absent: the asker's own, with all that its owner may do, without an end.",
    examples: [{ name: 'CI', permissions: ['vm:*@own'] }],
  },
);
export type CreateApiKeyRequest = Static<typeof CreateApiKeyRequest>;

export const UpdateApiKeyRequest = component(
  'UpdateApiKeyRequest',
  { name: Type.Optional(Name), labels: Type.Optional(NewLabels) },
  { description: 'What is absent stays as it is.', examples: [{ labels: { team: 'blue' } }] },
);
export type UpdateApiKeyRequest = Static<typeof UpdateApiKeyRequest>;

export const ApiKeyParams = object({ id: ApiKeyId }, { description: 'An API key.' });
