/** How a VM is set: changing it, and the history of that. */
import { type Static, Type } from 'typebox';
import { type ConfigChanges, changesSchema } from './changes.ts';
import { CloudInit } from './cloud-init.ts';
import { ExtraDisk } from './extra-disks.ts';
import { HealthCheck } from './health-check.ts';
import { EXAMPLE_IDS, VmName } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetwork, VmNetworkRequest } from './networks.ts';
import {
  component,
  jsonObject,
  nullable,
  nullableString,
  nullableTimestamp,
  pageOf,
  stringMap,
  timestamp,
} from './schema.ts';
import { secretsField, VmSecret } from './secrets.ts';
import { toolsField } from './tools.ts';
import { OpenapiSource, VmActions } from './vm-actions.ts';
import { alertsField, VmAlerts } from './vm-alerts.ts';
import { EXAMPLE_VM, lifeFields, VmAutoSuspend, VmRestartPolicy, VmTemplate } from './vms.ts';
import { environmentMap, Workload } from './workload.ts';
import { workloadFields } from './workload-fields.ts';

/** Merged into what there is: null removes one. */
const labelsPatch = Type.Unsafe<Record<string, string | null>>({
  type: 'object',
  description: 'Labels to set; null removes one, the others stay.',
  maxProperties: LIMITS.labels.count,
  propertyNames: { minLength: 1, maxLength: LIMITS.labels.keyLength },
  // A name that could be given once can still be taken away; whether it may be set is for the server to say.
  additionalProperties: {
    type: ['string', 'null'],
    maxLength: LIMITS.labels.valueLength,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  },
});

const environmentPatch = Type.Unsafe<Record<string, string | null>>({
  type: 'object',
  description: 'Variables to set; null removes one, the others stay. None may have the name of a secret of the VM.',
  maxProperties: LIMITS.environment.count,
  propertyNames: { minLength: 1, maxLength: LIMITS.environment.nameLength, pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  additionalProperties: {
    type: ['string', 'null'],
    maxLength: LIMITS.environment.valueLength,
    pattern: '^[^\\u0000]*$',
  },
});

export const UpdateVmRequest = component(
  'UpdateVmRequest',
  {
    name: Type.Optional(VmName),
    vcpus: Type.Optional(
      Type.Integer({
        ...LIMITS.vcpus,
        description:
          'Virtual CPUs. A machine that runs gets more at once, as far as it has room for them; fewer with its next start.',
      }),
    ),
    memory_mib: Type.Optional(
      Type.Integer({
        ...LIMITS.memoryMib,
        description: 'Memory, MiB. A machine that runs gets more at once, in whole steps; less with its next start.',
      }),
    ),
    disk_gib: Type.Optional(
      Type.Integer({
        ...LIMITS.diskGib,
        description:
          'Virtual size of the root disk, GiB. It only grows; the file system of a machine that runs grows with it.',
      }),
    ),
    network: Type.Optional(VmNetworkRequest),
    restart_policy: Type.Optional(VmRestartPolicy),
    ...toolsField,
    environment: Type.Optional(environmentPatch),
    workload: workloadFields.workload,
    health_check: workloadFields.health_check,
    openapi: workloadFields.openapi,
    actions: workloadFields.actions,
    ...lifeFields,
    ...alertsField,
    ...secretsField,
    labels: Type.Optional(labelsPatch),
    metadata: Type.Optional(jsonObject({ description: 'Merged into what there is; null removes a name.' })),
  },
  {
    description: 'What is to change, as a JSON merge patch; what is left out stays as it is.',
    examples: [{ vcpus: 4, memory_mib: 512, labels: { team: 'blue' }, auto_suspend: { idle_seconds: 900 } }],
  },
);
export type UpdateVmRequest = Static<typeof UpdateVmRequest>;

const EXAMPLE_CONFIG = {
  name: EXAMPLE_VM.name,
  image: EXAMPLE_VM.image,
  vcpus: 4,
  memory_mib: EXAMPLE_VM.memory_mib,
  disk_gib: EXAMPLE_VM.disk_gib,
  network: EXAMPLE_VM.network,
  restart_policy: EXAMPLE_VM.restart_policy,
  auto_suspend: EXAMPLE_VM.auto_suspend,
  auto_wake: EXAMPLE_VM.auto_wake,
  alerts: EXAMPLE_VM.alerts,
  template: EXAMPLE_VM.template,
  tools: EXAMPLE_VM.tools.map(({ name, version }) => `${name}@${version}`),
  environment: EXAMPLE_VM.environment,
  workload: EXAMPLE_VM.workload,
  health_check: EXAMPLE_VM.health_check,
  openapi: null,
  actions: EXAMPLE_VM.actions,
  disks: EXAMPLE_VM.disks,
  cloud_init: EXAMPLE_VM.cloud_init,
  expires_at: EXAMPLE_VM.expires_at,
  labels: EXAMPLE_VM.labels,
  metadata: EXAMPLE_VM.metadata,
  secrets: EXAMPLE_VM.secrets,
} as const;

export const VmConfig = component(
  'VmConfig',
  {
    name: VmName,
    image: Type.String({ description: 'What its disk was made from.' }),
    vcpus: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs.' }),
    memory_mib: Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB.' }),
    disk_gib: Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of the root disk, GiB.' }),
    network: VmNetwork,
    restart_policy: VmRestartPolicy,
    auto_suspend: nullable(VmAutoSuspend),
    auto_wake: Type.Boolean({ description: 'Whether it is woken by whoever wants something of its guest.' }),
    alerts: VmAlerts,
    template: nullable(VmTemplate),
    tools: Type.Array(Type.String(), { description: 'Tools in its guest, each as `name@version`.' }),
    environment: environmentMap('Variables of each command, each shell and the workload.'),
    workload: nullable(Workload),
    health_check: nullable(HealthCheck),
    openapi: nullable(OpenapiSource),
    actions: VmActions,
    disks: Type.Array(ExtraDisk, { description: 'Disks besides the root.' }),
    cloud_init: nullable(CloudInit),
    expires_at: nullableTimestamp('When it is deleted by itself; null: never.'),
    labels: stringMap({
      description: 'Names with short values, to find it by.',
      maxProperties: LIMITS.labels.count,
      keyLength: LIMITS.labels.keyLength,
      valueLength: LIMITS.labels.valueLength,
    }),
    metadata: jsonObject({ description: 'Whatever its creator wants to remember.' }),
    secrets: Type.Array(VmSecret, { description: 'Secrets that its commands and its guest get.' }),
  },
  { description: 'All that somebody can set of a VM.', examples: [EXAMPLE_CONFIG] },
);
export type VmConfig = Static<typeof VmConfig>;

const PENDING = 'What is set of it and its machine does not have, by path: `old` is what that has.';
const number = Type.Integer({ minimum: 1, description: 'Of the revision: from 1, which is how the VM was made.' });

export const VmConfigState = component(
  'VmConfigState',
  {
    revision: number,
    config: VmConfig,
    pending_changes: Type.Unsafe<ConfigChanges>(changesSchema(PENDING)),
    restart_required: Type.Boolean({ description: 'Whether a restart is what it takes to have the pending changes.' }),
    operation_id: nullableString({ description: 'What is under way on the VM; else null.' }),
  },
  {
    description: 'How a VM is set, and what its machine has not of it yet.',
    examples: [
      {
        revision: 2,
        config: EXAMPLE_CONFIG,
        pending_changes: { vcpus: { old: 2, new: 4 } },
        restart_required: true,
        operation_id: null,
      },
    ],
  },
);
export type VmConfigState = Static<typeof VmConfigState>;

const revisionFields = {
  number,
  at: timestamp('When.'),
  author: Type.String({ description: 'The principal who made it.' }),
  request_id: nullableString({ description: 'Of the request that did; null where that is not known.' }),
  rolled_back_to: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'The revision that it restored; null: it is not a rollback.',
  }),
  changes: Type.Unsafe<ConfigChanges | { readonly created: true }>(
    changesSchema('From the revision before, by path; of the first one `{created: true}`.', [{ const: true }]),
  ),
};

const EXAMPLE_REVISION = {
  number: 2,
  at: '2026-01-31T12:05:00.000Z',
  author: 'admin',
  request_id: EXAMPLE_IDS.request,
  rolled_back_to: null,
  changes: { vcpus: { old: 2, new: 4 } },
} as const;

export const VmRevision = component('VmRevision', revisionFields, {
  description: 'A change of how a VM is set.',
  examples: [EXAMPLE_REVISION],
});
export type VmRevision = Static<typeof VmRevision>;

export const VmRevisionPage = pageOf('VmRevisionPage', VmRevision, EXAMPLE_REVISION);
export type VmRevisionPage = Static<typeof VmRevisionPage>;

export const VmRevisionConfig = component(
  'VmRevisionConfig',
  { ...revisionFields, config: VmConfig },
  {
    description: 'A change of how a VM is set, with what was set then.',
    examples: [{ ...EXAMPLE_REVISION, config: EXAMPLE_CONFIG }],
  },
);
export type VmRevisionConfig = Static<typeof VmRevisionConfig>;

export const RollBackVmRequest = component(
  'RollBackVmRequest',
  { revision: number },
  { description: 'The revision to go back to.', examples: [{ revision: 1 }] },
);
export type RollBackVmRequest = Static<typeof RollBackVmRequest>;
