import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, UserId } from './ids.ts';
import { Labels, NewLabels } from './labels.ts';
import { LIMITS } from './limits.ts';
import { EXAMPLE_QUOTA_STATE, QuotaState } from './quota.ts';
import {
  component,
  enumComponent,
  nullable,
  nullableString,
  nullableTimestamp,
  object,
  pageOf,
  stringEnum,
  timestamp,
} from './schema.ts';

export const USER_STATES = ['active', 'disabled', 'deleted'] as const;
export const USER_SOURCES = ['local', 'proxy', 'loopback', 'integration'] as const;
export const USER_NAME_PATTERN = '^[a-z0-9]([a-z0-9._@-]{0,62}[a-z0-9])?$';
const ROLE_NAME_PATTERN = '^[a-z][a-z0-9-]{0,62}$';

export const UserName = Type.String({
  pattern: USER_NAME_PATTERN,
  maxLength: 64,
  description:
    '1 to 64 lower-case letters, digits and `. _ @ -`, the latter not at its ends. Given once, and never changed: what the user owns carries it.',
  examples: ['ann'],
});
/** A user as requests name it: the pattern of names fits ids as well. */
export const UserRef = Type.String({
  pattern: USER_NAME_PATTERN,
  maxLength: 64,
  description: 'Id or name of a user.',
  examples: ['ann'],
});
export const RoleName = Type.String({
  pattern: ROLE_NAME_PATTERN,
  maxLength: 63,
  description: '1 to 63 lower-case letters, digits and hyphens, a letter first.',
  examples: ['deployer'],
});
/** A pattern of permissions. */
export const PermissionPattern = Type.String({
  pattern: '^(\\*|(\\*|[a-z-]{1,32}):(\\*|[a-z-]{1,32}))(@own)?$',
  maxLength: 80,
  description:
    "`resource:verb`, either of them `*` for all, or `*` for everything; with `@own` only on what is one's own. It stands for at least one permission there is.",
  examples: ['vm:*@own'],
});

const Email = nullableString({
  pattern: '^[^\\s@\\u0000]{1,64}@[^\\s@\\u0000]{1,189}$',
  maxLength: 254,
  description:
    'E-mail address, by which the user may log in. No two users have the same, whatever the case of its letters.',
  examples: ['ann@example.com'],
});
const DisplayName = Type.String({
  maxLength: LIMITS.users.displayNameLength,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  description: 'For people.',
  examples: ['Ann Example'],
});
const Password = Type.String({
  minLength: LIMITS.users.passwordLength.minimum,
  maxLength: 1_024,
  description:
    'At least 12 characters; not the name or address of the user, and none that everybody tries first. Never shown again.',
  examples: ['brisk umbrella 7'],
});
const Roles = Type.Array(RoleName, {
  maxItems: LIMITS.users.roles,
  description: 'Names of roles, built-in (`admin`, `operator`, `viewer`, `member`) and custom ones.',
  examples: [['member']],
});

const limit = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000, description, examples: [10] }));

export const UserQuota = component(
  'UserQuota',
  {
    vms: limit('VMs at most.'),
    vcpus: limit('Processors of all VMs together.'),
    memory_mib: limit('Memory of all VMs together, MiB.'),
    disk_gib: limit('Disks of all VMs together, GiB.'),
    snapshots: limit('Snapshots at most.'),
    executions: limit('Commands at the same time.'),
    networks: limit('Networks at most.'),
    security_groups: limit('Security groups at most.'),
  },
  {
    description: "Limits of one user in place of the installation's. What is absent is not limited by it.",
    examples: [{ vms: 4 }],
  },
);
export type UserQuota = Static<typeof UserQuota>;

export const UserState = enumComponent(
  'UserState',
  USER_STATES,
  '`active` may ask; `disabled` may not until somebody enables it; `deleted` only keeps its name from being given again.',
);
export type UserState = Static<typeof UserState>;

export const EXAMPLE_USER = {
  id: EXAMPLE_IDS.user,
  name: 'ann',
  email: 'ann@example.com',
  display_name: 'Ann Example',
  roles: ['member'],
  state: 'active',
  source: 'local',
  has_password: true,
  mfa_enabled: false,
  quota: null,
  labels: {},
  created_at: '2026-01-31T11:00:00.000Z',
  updated_at: '2026-01-31T11:00:00.000Z',
  last_login_at: null,
} as const;

export const User = component(
  'User',
  {
    id: UserId,
    name: UserName,
    email: Email,
    display_name: DisplayName,
    roles: Roles,
    state: UserState,
    source: stringEnum(USER_SOURCES, {
      description:
        '`local`: made here; `proxy`: came first by the word of a trusted proxy; `loopback`: whoever asks from the server’s own machine without a key, where a dialect lets that in.',
    }),
    has_password: Type.Boolean({ description: 'Whether there is a password to log in with.' }),
    mfa_enabled: Type.Boolean({ description: 'Whether a one-time code is asked for at login.' }),
    quota: nullable(UserQuota),
    labels: Labels,
    created_at: timestamp('When the account was made.'),
    updated_at: timestamp('When its settings were changed last.'),
    last_login_at: nullableTimestamp('When the user logged in last.'),
  },
  { description: 'A user.', examples: [EXAMPLE_USER] },
);
export type User = Static<typeof User>;

export const UserDetails = component(
  'UserDetails',
  { ...User.properties, quota_state: QuotaState },
  {
    description: 'A user, with quota and usage.',
    examples: [{ ...EXAMPLE_USER, quota_state: EXAMPLE_QUOTA_STATE }],
  },
);
export type UserDetails = Static<typeof UserDetails>;

export const UserPage = pageOf('UserPage', User, EXAMPLE_USER);
export type UserPage = Static<typeof UserPage>;

export const CreateUserRequest = component(
  'CreateUserRequest',
  {
    name: UserName,
    email: Type.Optional(Email),
    display_name: Type.Optional(DisplayName),
    roles: Type.Optional(Roles),
    password: Type.Optional(Password),
    quota: Type.Optional(nullable(UserQuota)),
    labels: Type.Optional(Labels),
  },
  {
    description: 'A user. Absent: the role `member`, no address, no password.',
    examples: [{ name: 'ann', email: 'ann@example.com', roles: ['member'] }],
  },
);
export type CreateUserRequest = Static<typeof CreateUserRequest>;

export const UpdateUserRequest = component(
  'UpdateUserRequest',
  {
    email: Type.Optional(Email),
    display_name: Type.Optional(DisplayName),
    roles: Type.Optional(Roles),
    state: Type.Optional(
      stringEnum(['active', 'disabled'], { description: '`disabled`: every key and session of the user is refused.' }),
    ),
    quota: Type.Optional(nullable(UserQuota)),
    labels: Type.Optional(NewLabels),
  },
  { description: 'What is absent stays as it is.', examples: [{ roles: ['operator'] }] },
);
export type UpdateUserRequest = Static<typeof UpdateUserRequest>;

export const SetPasswordRequest = component(
  'SetPasswordRequest',
  { password: Password },
  { description: 'A new password.', examples: [{ password: 'brisk umbrella 7' }] },
);
export type SetPasswordRequest = Static<typeof SetPasswordRequest>;

export const UpdateProfileRequest = component(
  'UpdateProfileRequest',
  { email: Type.Optional(Email), display_name: Type.Optional(DisplayName) },
  {
    description: 'What users change of their own account. What is absent stays as it is.',
    examples: [{ display_name: 'Ann E.' }],
  },
);
export type UpdateProfileRequest = Static<typeof UpdateProfileRequest>;

export const CREDENTIAL_KINDS = [
  'admin_key',
  'api_key',
  'session',
  'proxy',
  'loopback',
  'integration',
  'none',
] as const;

export const Me = component(
  'Me',
  {
    user: User,
    credential: object(
      {
        kind: stringEnum(CREDENTIAL_KINDS, { description: 'What proves it.' }),
        id: nullableString({ description: 'Of the API key or the session.' }),
      },
      { description: 'What the request presents.', examples: [{ kind: 'api_key', id: EXAMPLE_IDS.apiKey }] },
    ),
    permissions: Type.Array(Type.String({ description: '`resource:verb`.' }), {
      description: "What may be done with it, to whatever there is; with `@own`, only to what is one's own.",
      examples: [['vm:read', 'vm:create@own']],
    }),
  },
  {
    description: 'The caller.',
    examples: [
      {
        user: EXAMPLE_USER,
        credential: { kind: 'api_key', id: EXAMPLE_IDS.apiKey },
        permissions: ['host:read', 'vm:read@own'],
      },
    ],
  },
);
export type Me = Static<typeof Me>;
