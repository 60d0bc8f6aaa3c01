import { type Static, Type } from 'typebox';
import { cloudInitField } from './cloud-init.ts';
import { extraDisksField } from './extra-disks.ts';
import { EXAMPLE_IDS, ExecutionId, ImageName, TemplateRef, VmId, VmName, WorkspaceId, WorkspaceRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetworkRequest } from './networks.ts';
import {
  component,
  enumComponent,
  jsonObject,
  nullable,
  nullableInteger,
  nullableString,
  nullableTimestamp,
  object,
  pageOf,
  stringEnum,
  stringMap,
  timestamp,
} from './schema.ts';
import { secretsField } from './secrets.ts';
import { toolsField } from './tools.ts';
import { lifeFields, VmPhase, VmRestartPolicy, VmTemplate, VmWarmStart } from './vms.ts';
import { workloadFields } from './workload-fields.ts';

export const WORKSPACE_STATUSES = ['creating', 'running', 'stopped', 'failed', 'deleting'] as const;

export const WorkspaceStatus = enumComponent(
  'WorkspaceStatus',
  WORKSPACE_STATUSES,
  '`creating`: it is being made, or set up; `running`: it can be used (one that is suspended wakes by use); `stopped`: its VM is off; `failed`: see `error_message`; `deleting`: it goes with its VM.',
);
export type WorkspaceStatus = Static<typeof WorkspaceStatus>;

const { commandLength, count, timeoutSeconds } = LIMITS.prepSteps;
const command = Type.String({
  minLength: 1,
  maxLength: commandLength,
  description: 'A line of the shell, run by root where the repository lies, else at home.',
});
const timeout = Type.Integer({ ...timeoutSeconds, description: 'The longest it may take. Default: 600.' });

export const PrepStepRequest = component(
  'PrepStepRequest',
  { command, timeout_seconds: Type.Optional(timeout) },
  { description: 'What is run before a workspace is ready.', examples: [{ command: 'npm ci', timeout_seconds: 900 }] },
);
export type PrepStepRequest = Static<typeof PrepStepRequest>;

const labelsField = stringMap({
  description: 'Names with short values, to find it by.',
  maxProperties: LIMITS.labels.count,
  keyLength: LIMITS.labels.keyLength,
  valueLength: LIMITS.labels.valueLength,
});
const metadataField = jsonObject({ description: 'Any JSON object, at most 16 KiB; the server does not interpret it.' });
const provider = {
  minLength: 1,
  maxLength: 32,
  examples: ['qemu'],
};

export const CreateWorkspaceRequest = component(
  'CreateWorkspaceRequest',
  {
    name: VmName,
    template: Type.Optional(
      nullable(Type.String({ ...TemplateRef, description: 'What its VM is made from: `name@version`, or a name.' })),
    ),
    provider: Type.Optional(
      Type.String({
        ...provider,
        description: 'What runs its VM: one of `drivers` in the capabilities. Default: as the server is set.',
      }),
    ),
    repo_url: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2_048,
        description:
          'A repository that is cloned before anything else, by https, http, git or ssh, or as `user@host:path`; without a password in it. By https, git is given the secret that comes as GIT_TOKEN (with GIT_USERNAME).',
        examples: ['https://github.com/acme/shop.git'],
      }),
    ),
    repo_ref: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'A branch or a tag of it.' })),
    repo_directory: Type.Optional(
      Type.String({
        minLength: 2,
        maxLength: 255,
        description: 'Where it is put, absolute. Default: `/workspace/` and its name.',
      }),
    ),
    prep_steps: Type.Optional(
      Type.Array(Type.Unsafe<string | PrepStepRequest>({ anyOf: [command, PrepStepRequest] }), {
        maxItems: count,
        description: 'Run one after the other before it is ready; the first that fails is the last.',
        examples: [['npm ci', { command: 'npm test', timeout_seconds: 900 }]],
      }),
    ),
    image: Type.Optional(ImageName),
    vcpus: Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs. Default: 1.' })),
    memory_mib: Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB. Default: 256.' })),
    disk_gib: Type.Optional(
      Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of the root disk, GiB. Default: 8.' }),
    ),
    network: Type.Optional(VmNetworkRequest),
    restart_policy: Type.Optional(VmRestartPolicy),
    warm: Type.Optional(VmWarmStart),
    ...cloudInitField,
    ...extraDisksField,
    ...workloadFields,
    ...toolsField,
    ...lifeFields,
    ...secretsField,
    labels: Type.Optional(labelsField),
    metadata: Type.Optional(metadataField),
  },
  {
    description:
      'A workspace that is wanted: a VM of yours for a time, and what is done in it before it is used. Where its driver can, it is suspended when it is idle, and wakes by use.',
    examples: [{ name: 'shop', template: 'nodejs', ttl_seconds: 86_400, repo_url: 'https://github.com/acme/shop.git' }],
  },
);
export type CreateWorkspaceRequest = Static<typeof CreateWorkspaceRequest>;

export const UpdateWorkspaceRequest = component(
  'UpdateWorkspaceRequest',
  {
    labels: Type.Optional(labelsField),
    metadata: Type.Optional(metadataField),
    ttl_seconds: Type.Optional(
      nullableInteger({
        ...LIMITS.ttlSeconds,
        description: 'How long it lives from now on; null: it does not expire.',
      }),
    ),
    expires_at: lifeFields.expires_at,
  },
  { description: 'What is to be other than it is.', examples: [{ labels: { team: 'blue' }, ttl_seconds: 3_600 }] },
);
export type UpdateWorkspaceRequest = Static<typeof UpdateWorkspaceRequest>;

export const ExtendWorkspaceRequest = component(
  'ExtendWorkspaceRequest',
  {
    ttl_seconds: Type.Integer({
      ...LIMITS.ttlSeconds,
      description: 'How long it lives from now on; the expiry never moves to an earlier time.',
    }),
  },
  { description: 'How much longer.', examples: [{ ttl_seconds: 86_400 }] },
);
export type ExtendWorkspaceRequest = Static<typeof ExtendWorkspaceRequest>;

const EXAMPLE_STEP = {
  kind: 'clone',
  command: 'git clone https://github.com/acme/shop.git',
  timeout_seconds: 600,
  state: 'done',
  execution_id: EXAMPLE_IDS.execution,
  tries: 1,
  started_at: '2026-01-31T12:00:02.000Z',
  completed_at: '2026-01-31T12:00:05.000Z',
} as const;

const WorkspaceStep = component(
  'WorkspaceStep',
  {
    kind: stringEnum(['clone', 'prep'], { description: '`clone`: its repository; `prep`: one of its prep steps.' }),
    command: Type.String({ description: 'What is run; of a clone for people alone.' }),
    timeout_seconds: Type.Integer({ description: 'The longest it may take.' }),
    state: stringEnum(['waiting', 'running', 'done', 'failed'], { description: 'How far it is.' }),
    execution_id: nullable(ExecutionId),
    tries: Type.Integer({
      minimum: 0,
      description: 'How often it was started: more than once only for a clone whose machine ended meanwhile.',
    }),
    started_at: nullableTimestamp('When it was begun, last.'),
    completed_at: nullableTimestamp('When it was over.'),
  },
  {
    description: 'Something that is done before a workspace is ready: an execution, with its output.',
    examples: [EXAMPLE_STEP],
  },
);

const WorkspaceSetup = component(
  'WorkspaceSetup',
  {
    state: stringEnum(['pending', 'done', 'failed'], {
      description: '`pending`: steps are left, or its VM has not run.',
    }),
    steps: Type.Array(WorkspaceStep, { description: 'In their order.' }),
  },
  { description: 'What is done before a workspace is ready.', examples: [{ state: 'done', steps: [EXAMPLE_STEP] }] },
);

const EXAMPLE_CONNECTION = {
  vm_id: EXAMPLE_IDS.vm,
  ssh_command: 'volary ssh shop',
  directory: '/workspace/shop',
} as const;

const WorkspaceConnection = component(
  'WorkspaceConnection',
  {
    vm_id: VmId,
    container_id: Type.Optional(Type.String({ description: 'Where it is one: the container that is its VM.' })),
    ssh_command: Type.String({ description: 'Opens a shell in it.' }),
    directory: nullableString({ description: 'Where its repository lies; null: it has none.' }),
  },
  { description: 'How to get in.', examples: [EXAMPLE_CONNECTION] },
);

const EXAMPLE_WORKSPACE = {
  id: EXAMPLE_IDS.workspace,
  name: 'shop',
  owner: 'ann',
  status: 'running',
  error_message: null,
  template: { name: 'nodejs', version: '1.0.0' },
  provider: 'qemu',
  provider_id: EXAMPLE_IDS.vm,
  vm_id: EXAMPLE_IDS.vm,
  vm_name: 'shop',
  vm_phase: 'running',
  connection_info: EXAMPLE_CONNECTION,
  ttl_seconds: 86_400,
  expires_at: '2026-02-01T12:00:00.000Z',
  repo_url: 'https://github.com/acme/shop.git',
  repo_ref: null,
  setup: { state: 'done', steps: [EXAMPLE_STEP] },
  labels: { team: 'blue' },
  metadata: {},
  generation: 1,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:05.000Z',
} as const;

export const Workspace = component(
  'Workspace',
  {
    id: WorkspaceId,
    name: VmName,
    owner: Type.String({ description: 'Who made it, and owns its VM. No two of theirs have one name.' }),
    status: WorkspaceStatus,
    error_message: nullableString({ description: 'Why it failed, with the last words of what did; else null.' }),
    template: nullable(VmTemplate),
    provider: Type.String({ ...provider, description: 'The driver that runs its VM.' }),
    provider_id: Type.String({ description: 'By what that knows it: the id of a container, else that of its VM.' }),
    vm_id: VmId,
    vm_name: Type.String({ description: 'Its own, if that was free, else one made of it.' }),
    vm_phase: VmPhase,
    connection_info: nullable(WorkspaceConnection),
    ttl_seconds: nullableInteger({
      description: 'What it was last asked to live for; null: for good, or until a moment.',
    }),
    expires_at: nullableTimestamp('When it is deleted by itself, with its VM; null: never.'),
    repo_url: nullableString({ description: 'The repository that is cloned; null: none.' }),
    repo_ref: nullableString({ description: 'The branch or the tag of it; null: what it says itself.' }),
    setup: WorkspaceSetup,
    labels: labelsField,
    metadata: metadataField,
    generation: Type.Integer({ minimum: 1, description: 'Rises with each request that changes it; see ETag.' }),
    created_at: timestamp('When it was asked for.'),
    updated_at: timestamp('When this record last changed.'),
  },
  { description: 'A VM that belongs to somebody for a time.', examples: [EXAMPLE_WORKSPACE] },
);
export type Workspace = Static<typeof Workspace>;

export const WorkspacePage = pageOf('WorkspacePage', Workspace, EXAMPLE_WORKSPACE);
export type WorkspacePage = Static<typeof WorkspacePage>;

export const WorkspaceParams = object({ ref: WorkspaceRef }, { description: 'A workspace.' });
