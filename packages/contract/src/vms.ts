import { type Static, Type } from 'typebox';
import { type ConfigChanges, changesSchema } from './changes.ts';
import { CloudInit, CloudInitStatus, cloudInitField } from './cloud-init.ts';
import { ExtraDisk, extraDisksField } from './extra-disks.ts';
import { HealthCheck } from './health-check.ts';
import { EXAMPLE_IDS, HostId, ImageName, TemplateRef, VmId, VmName } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetwork, VmNetworkRequest } from './networks.ts';
import {
  component,
  enumComponent,
  jsonObject,
  MOMENT_PATTERN,
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
import { secretsField, VmSecret } from './secrets.ts';
import { toolsField, VmTool } from './tools.ts';
import { VmActions } from './vm-actions.ts';
import { alertsField, VmAlerts } from './vm-alerts.ts';
import { VmHealth } from './vm-health.ts';
import { VmReplica } from './vm-replica.ts';
import { volumesField } from './vm-volumes.ts';
import { environmentMap, Workload, WorkloadStatus } from './workload.ts';
import { workloadFields } from './workload-fields.ts';

export const VM_PHASES = [
  'pending',
  'provisioning',
  'starting',
  'pausing',
  'suspending',
  'resuming',
  'stopping',
  'restarting',
  'updating',
  'migrating',
  'deleting',
  'running',
  'paused',
  'suspended',
  'stopped',
  'failed',
  'unknown',
] as const;

export const VmPhase = enumComponent(
  'VmPhase',
  VM_PHASES,
  'Where a VM is in its life. Transient ones (`…ing`, `pending`) are owned by an operation and have a deadline.',
);
export type VmPhase = Static<typeof VmPhase>;

export const VmRestartPolicy = enumComponent(
  'VmRestartPolicy',
  ['always', 'on-failure', 'never'],
  'Whether a VM whose machine ends by itself is started again: `always`, also after the guest has powered off; `on-failure`, after a crash; `never` (the default).',
);
export type VmRestartPolicy = Static<typeof VmRestartPolicy>;

export const VmWarmStart = enumComponent(
  'VmWarmStart',
  ['auto', 'never', 'require'],
  'How its first life begins: `auto` (the default), as a fork of a warm template where there is one, else by a boot; `never`, by a boot; `require`, as a fork, or it is refused.',
);
export type VmWarmStart = Static<typeof VmWarmStart>;

export const VmDesired = component(
  'VmDesired',
  {
    power: stringEnum(['running', 'paused', 'suspended', 'stopped', 'absent'], {
      description: '`absent`: it is being deleted.',
    }),
    incarnation: Type.Integer({ minimum: 0, description: 'The life that is wanted.' }),
    grace_ms: Type.Integer({ minimum: 0, description: 'How long the guest may take to shut down.' }),
  },
  { description: 'What was asked of a VM, last.', examples: [{ power: 'running', incarnation: 1, grace_ms: 0 }] },
);

export const VmFailure = component(
  'VmFailure',
  {
    generation: Type.Integer({ minimum: 0, description: 'The generation that could not be reached.' }),
    reason: Type.String({ description: 'Stable, dotted name.' }),
    message: Type.String({ description: 'What happened, and what to do about it.' }),
    console_tail: Type.String({ description: "The last lines of the guest's console, where there were any." }),
    at: timestamp('When.'),
  },
  {
    description: 'Why a VM is `failed`.',
    examples: [
      {
        generation: 1,
        reason: 'vm.boot_timeout',
        message: 'The guest did not answer within 120 s.',
        console_tail: '',
        at: '2026-01-31T12:02:00.000Z',
      },
    ],
  },
);

export const VmAutoSuspend = component(
  'VmAutoSuspend',
  {
    idle_seconds: Type.Integer({
      ...LIMITS.autoSuspend.idleSeconds,
      description:
        'How long it has to have nothing to do: no command of this API runs in it, nobody reads or writes its files or follows its console, its processors take less than the threshold, and nothing passes its network device, where that is measured.',
    }),
    cpu_below_percent: Type.Optional(
      Type.Number({
        ...LIMITS.autoSuspend.cpuBelowPercent,
        description:
          'The threshold, in hundredths of one processor of the host, of all that its machine monitor takes. Default: 5.',
      }),
    ),
  },
  {
    description: 'When a VM is suspended without being asked to.',
    examples: [{ idle_seconds: 900, cpu_below_percent: 5 }],
  },
);

export type VmAutoSuspend = Static<typeof VmAutoSuspend>;

/** What decides how long a VM lives and whether it sleeps, in requests. */
export const lifeFields = {
  auto_suspend: Type.Optional(nullable(VmAutoSuspend)),
  auto_wake: Type.Optional(
    Type.Boolean({
      description:
        'Whether commands, file access and followers of its console wake it when it is suspended. Default: true.',
    }),
  ),
  ttl_seconds: Type.Optional(
    Type.Integer({
      ...LIMITS.ttlSeconds,
      description: 'It is deleted when this time has passed. Not together with `expires_at`.',
    }),
  ),
  expires_at: Type.Optional(
    nullableString({
      pattern: MOMENT_PATTERN,
      description:
        'It is deleted at this time, for example `2026-01-31T12:00:00Z`; null: it does not expire. Not together with `ttl_seconds`.',
    }),
  ),
};

export const VmSuspension = component(
  'VmSuspension',
  {
    reason: stringEnum(['requested', 'idle'], {
      description: '`requested`: somebody asked for it. `idle`: it had nothing to do, as `auto_suspend` says.',
    }),
    message: Type.String({ description: 'Why, for people.' }),
    at: timestamp('When it was asked for.'),
    problem: nullableString({
      description:
        'Why it cannot be woken now, for people: what was saved of it cannot be read. It is kept, and looked at again. Null: nothing is known to be wrong.',
    }),
  },
  {
    description: 'Why a VM is suspended.',
    examples: [{ reason: 'requested', message: 'Suspended by admin.', at: '2026-01-31T12:02:00.000Z', problem: null }],
  },
);

export const VmTemplate = component(
  'VmTemplate',
  {
    name: Type.String({ description: 'Name of the template.' }),
    version: Type.String({ description: 'The very version.' }),
  },
  {
    description: 'What a VM was made from. What becomes of the template changes nothing in the VM.',
    examples: [{ name: 'nodejs', version: '1.0.0' }],
  },
);

const PENDING =
  'What is set of it and its machine does not have, by path: `old` is what that has. Empty where there is no machine: the next one has all.';

export const EXAMPLE_VM = {
  id: EXAMPLE_IDS.vm,
  name: 'first',
  owner: 'admin',
  deployment: null,
  phase: 'running',
  phase_since: '2026-01-31T12:00:03.000Z',
  operation_id: null,
  deadline_at: null,
  failure: null,
  desired: { power: 'running', incarnation: 1, grace_ms: 0 },
  health: 'healthy',
  environment: {},
  workload: null,
  workload_status: null,
  health_check: null,
  actions: {},
  restart_policy: 'never',
  restart_count: 0,
  restart_at: null,
  suspension: null,
  auto_suspend: null,
  auto_wake: true,
  alerts: { cpu_percent: 95, memory_percent: null, disk_percent: null, health: null },
  expires_at: null,
  template: { name: 'nodejs', version: '1.0.0' },
  cloud_init: null,
  cloud_init_status: null,
  tools: [{ name: 'nodejs', version: '20.19.5', digest: null }],
  disks: [],
  image: 'base',
  image_digest: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
  snapshot_id: null,
  warm: 'auto',
  vcpus: 1,
  memory_mib: 256,
  disk_gib: 8,
  network: { mode: 'user', egress: 'deny' },
  labels: { team: 'blue' },
  metadata: {},
  secrets: [{ name: 'DEPLOY_TOKEN', env: 'TOKEN', file: null, mode: null }],
  pending_changes: {},
  restart_required: false,
  driver: 'qemu',
  host: EXAMPLE_IDS.host,
  pid: 4711,
  ip: null,
  incarnation: 1,
  generation: 1,
  revision: 6,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:03.000Z',
  started_at: '2026-01-31T12:00:03.000Z',
} as const;

export const Vm = component(
  'Vm',
  {
    id: VmId,
    name: VmName,
    owner: Type.String({ description: 'The principal that created it.' }),
    deployment: nullable(VmReplica),
    phase: VmPhase,
    phase_since: timestamp('When it came into this phase.'),
    operation_id: nullableString({ description: 'The operation that owns a transient phase; else null.' }),
    deadline_at: nullableTimestamp('When a transient phase is given up; else null.'),
    failure: nullable(VmFailure),
    desired: VmDesired,
    health: VmHealth,
    environment: environmentMap('Variables of each command, each shell and the workload.'),
    workload: nullable(Workload),
    workload_status: nullable(WorkloadStatus),
    cloud_init_status: nullable(CloudInitStatus),
    health_check: nullable(HealthCheck),
    actions: VmActions,
    restart_policy: VmRestartPolicy,
    restart_count: Type.Integer({
      minimum: 0,
      description: 'Restarts in a row that the policy has brought about; the wait before the next one grows with it.',
    }),
    restart_at: nullableTimestamp('When the policy starts it again; null when it is not about to.'),
    suspension: nullable(VmSuspension),
    auto_suspend: nullable(VmAutoSuspend),
    auto_wake: Type.Boolean({ description: 'Whether it is woken by whoever wants something of its guest.' }),
    alerts: VmAlerts,
    expires_at: nullableTimestamp('When it is deleted by itself; null: never.'),
    template: nullable(VmTemplate),
    cloud_init: nullable(CloudInit),
    tools: Type.Array(VmTool, { description: 'What its guest has besides its image, in exact versions.' }),
    disks: Type.Array(ExtraDisk, { description: 'Disks besides the root.' }),
    image: ImageName,
    image_digest: nullableString({ description: 'The very image its disk was made from; null until the disk is.' }),
    snapshot_id: nullableString({
      description: 'The snapshot that a life of it began from, or is about to; null when it has only booted.',
    }),
    warm: VmWarmStart,
    vcpus: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs.' }),
    memory_mib: Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB.' }),
    disk_gib: Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of the root disk, GiB.' }),
    network: VmNetwork,
    labels: stringMap({
      description: 'Names with short values, to find it by.',
      maxProperties: LIMITS.labels.count,
      keyLength: LIMITS.labels.keyLength,
      valueLength: LIMITS.labels.valueLength,
    }),
    metadata: jsonObject({ description: 'Any JSON object of its creator; never interpreted.' }),
    secrets: Type.Array(VmSecret, { description: 'Secrets that its commands and its guest get.' }),
    pending_changes: Type.Unsafe<ConfigChanges>(changesSchema(PENDING)),
    restart_required: Type.Boolean({
      description:
        'Whether a restart is what it takes to have the pending changes. Else its machine is given them while it runs, or when it goes on.',
    }),
    driver: Type.String({ description: 'What runs it.' }),
    host: HostId,
    pid: nullableInteger({ description: 'Process of its machine on the host; null when there is none.' }),
    ip: nullableString({ description: 'Address of the guest, where the host can reach it.' }),
    incarnation: Type.Integer({ minimum: 0, description: 'Counts its lives: rises with each start of a machine.' }),
    generation: Type.Integer({ minimum: 0, description: 'Rises with each request that changes what is wanted.' }),
    revision: Type.Integer({ minimum: 0, description: 'Rises with each change of this record; see ETag.' }),
    created_at: timestamp('When it was asked for.'),
    updated_at: timestamp('When this record last changed.'),
    started_at: nullableTimestamp('When the guest of the present incarnation first answered.'),
  },
  { description: 'A virtual machine.', examples: [EXAMPLE_VM] },
);
export type Vm = Static<typeof Vm>;

export const VmPage = pageOf('VmPage', Vm, EXAMPLE_VM);
export type VmPage = Static<typeof VmPage>;

export const CreateVmRequest = component(
  'CreateVmRequest',
  {
    name: Type.Optional(VmName),
    template: Type.Optional(
      nullable(
        Type.String({
          ...TemplateRef,
          description:
            'What it is made from: `name@version`, or a name, which means its newest enabled version. Other fields here override the template; labels are merged. Later changes to the template do not affect the VM.',
        }),
      ),
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
    driver: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        description: 'Its driver, which never changes: one of `drivers` in the capabilities. Default: the first.',
        examples: ['qemu'],
      }),
    ),
    ...cloudInitField,
    ...extraDisksField,
    ...volumesField,
    ...workloadFields,
    ...toolsField,
    ...lifeFields,
    ...alertsField,
    ...secretsField,
    labels: Type.Optional(
      stringMap({
        description: 'Names with short values, to find it by.',
        maxProperties: LIMITS.labels.count,
        keyLength: LIMITS.labels.keyLength,
        valueLength: LIMITS.labels.valueLength,
      }),
    ),
    metadata: Type.Optional(
      jsonObject({ description: 'Any JSON object, at most 16 KiB; the server does not interpret it.' }),
    ),
    start: Type.Optional(
      Type.Boolean({ description: 'False: its disk is created, but it is not started. Default: true.' }),
    ),
  },
  {
    description: 'A new VM. All fields have defaults.',
    examples: [{ name: 'first', vcpus: 1, memory_mib: 256, labels: { team: 'blue' } }],
  },
);
export type CreateVmRequest = Static<typeof CreateVmRequest>;

export const StopVmRequest = component(
  'StopVmRequest',
  {
    grace_ms: Type.Optional(
      Type.Integer({
        minimum: LIMITS.graceMs.minimum,
        maximum: LIMITS.graceMs.maximum,
        description: 'How long the guest may take to shut down before its machine is ended. Default: 30000.',
      }),
    ),
    force: Type.Optional(Type.Boolean({ description: 'True: end the machine at once, as with `grace_ms: 0`.' })),
  },
  { description: 'How a machine is ended.', examples: [{ grace_ms: 10_000 }] },
);
export type StopVmRequest = Static<typeof StopVmRequest>;

export const EmptyRequest = object({}, { description: 'Nothing: an empty object, or no body at all.', examples: [{}] });
