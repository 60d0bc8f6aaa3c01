import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, SecretId, SecretName } from './ids.ts';
import { Labels, NewLabels } from './labels.ts';
import { LIMITS } from './limits.ts';
import { component, nullableString, nullableTimestamp, pageOf, stringEnum, timestamp } from './schema.ts';

const Value = Type.String({
  minLength: 1,
  // 64 KiB in base64; how many bytes they are is seen when they are decoded.
  maxLength: 87_384,
  description: `1 to ${LIMITS.secrets.valueBytes} bytes. Never shown again.`,
  examples: ['correct horse battery staple'],
});
const Encoding = stringEnum(['utf-8', 'base64'], {
  description: 'How `value` is to be read. Default: utf-8. Bytes that are no text can only be given to a VM as a file.',
});
const Description = Type.String({
  maxLength: LIMITS.secrets.descriptionLength,
  pattern: '^[^\\u0000]*$',
  description: 'For people. Never put the value here.',
  examples: ['Of the deploy robot'],
});

export const CreateSecretRequest = component(
  'CreateSecretRequest',
  {
    labels: Type.Optional(Labels),
    name: SecretName,
    value: Value,
    encoding: Type.Optional(Encoding),
    description: Type.Optional(Description),
  },
  {
    description: 'A secret: a value that VMs are given, and nobody is shown.',
    examples: [{ name: 'DEPLOY_TOKEN', value: 'correct horse battery staple' }],
  },
);
export type CreateSecretRequest = Static<typeof CreateSecretRequest>;

export const SetSecretRequest = component(
  'SetSecretRequest',
  {
    labels: Type.Optional(NewLabels),
    value: Value,
    encoding: Type.Optional(Encoding),
    description: Type.Optional(Description),
  },
  {
    description: 'The value that takes the place of the present one. Without a description, that stays as it is.',
    examples: [{ value: 'correct horse battery staple' }],
  },
);
export type SetSecretRequest = Static<typeof SetSecretRequest>;

const EXAMPLE_SECRET = {
  id: EXAMPLE_IDS.secret,
  name: 'DEPLOY_TOKEN',
  labels: {},
  owner: 'admin',
  description: '',
  version: 1,
  size_bytes: 28,
  is_text: true,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:00.000Z',
  last_used_at: null,
} as const;

export const Secret = component(
  'Secret',
  {
    id: SecretId,
    name: SecretName,
    owner: Type.String({ description: "The user who owns it; only this user's VMs can have it." }),
    description: Type.String({ description: 'What somebody wrote about it.' }),
    labels: Labels,
    version: Type.Integer({ minimum: 1, description: 'Rises with each value that it gets.' }),
    size_bytes: Type.Integer({ minimum: 1, description: 'Length of the value.' }),
    is_text: Type.Boolean({ description: 'Whether it can be given as a variable: UTF-8 without a NUL.' }),
    created_at: timestamp('When it was made.'),
    updated_at: timestamp('When it got its present value.'),
    last_used_at: nullableTimestamp('When it was last given to a VM or a command; may lag a minute behind.'),
  },
  { description: 'What is known of a secret: all but its value.', examples: [EXAMPLE_SECRET] },
);
export type Secret = Static<typeof Secret>;

export const SecretPage = pageOf('SecretPage', Secret, EXAMPLE_SECRET);
export type SecretPage = Static<typeof SecretPage>;

export const RotatedKey = component(
  'RotatedKey',
  {
    key_id: Type.String({ description: 'Of the key that seals now.', examples: ['6f1c0a9be2d34758'] }),
    resealed: Type.Unsafe<Record<string, number>>({
      type: 'object',
      additionalProperties: { type: 'integer', minimum: 0 },
      description: 'How many values were sealed anew, by kind.',
    }),
    dropped_keys: Type.Array(Type.String({ description: 'Id of a key.' }), {
      description:
        'Keys that are forgotten. Empty where the keys are given in VOLARY_SECRETS_KEY: take the older ones out of it.',
    }),
  },
  {
    description: 'What came of changing the key.',
    examples: [{ key_id: '6f1c0a9be2d34758', resealed: { secrets: 12 }, dropped_keys: ['0b5e77c1a94f2d38'] }],
  },
);
export type RotatedKey = Static<typeof RotatedKey>;

const Env = Type.String({
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$',
  description: 'The variable of each command.',
  examples: ['TOKEN'],
});
const File = Type.String({
  pattern: '^/run/secrets/[A-Za-z0-9._-]{1,64}$',
  description: 'A file in /run/secrets, which is in memory.',
  examples: ['/run/secrets/token'],
});
const Mode = Type.String({
  pattern: '^0?[0-7]{3}$',
  description: 'Permission bits of the file, octal. Default: 0400.',
  examples: ['0400'],
});

export const VmSecretRequest = component(
  'VmSecretRequest',
  { name: SecretName, env: Type.Optional(Env), file: Type.Optional(File), mode: Type.Optional(Mode) },
  {
    description:
      "A secret of the VM's owner that the VM is to be given. With neither `env` nor `file`: as the variable of its own name.",
    examples: [{ name: 'DEPLOY_TOKEN', env: 'TOKEN' }],
  },
);
export type VmSecretRequest = Static<typeof VmSecretRequest>;

/** The secrets of a VM, in requests. */
export const secretsField = {
  secrets: Type.Optional(
    Type.Array(VmSecretRequest, {
      maxItems: LIMITS.secrets.ofVm,
      description: 'Secrets of the VM. Variables apply from the next command on, files from the next start on.',
    }),
  ),
};

export const VmSecret = component(
  'VmSecret',
  {
    name: SecretName,
    env: nullableString({ description: 'The variable that it is given as.' }),
    file: nullableString({ description: 'The file that it is given as.' }),
    mode: nullableString({ description: 'Permission bits of the file, octal.' }),
  },
  {
    description: 'A secret that a VM is given.',
    examples: [{ name: 'DEPLOY_TOKEN', env: 'TOKEN', file: null, mode: null }],
  },
);
export type VmSecret = Static<typeof VmSecret>;
