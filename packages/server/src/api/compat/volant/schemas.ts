import {
  component,
  enumComponent,
  jsonObject,
  LIMITS,
  nullableInteger,
  nullableString,
  object,
  VmName,
} from '@volary/contract';
import { type Static, Type } from 'typebox';

/** What the examples of the document have in common. */
export const EXAMPLE_MOMENT = '2025-01-15T10:00:00Z';
const EXAMPLE_RESOURCES = { vcpu: 2, memory_mb: 512 };
const EXAMPLE_HEALTH = { status: 'healthy', last_check: '2025-01-15T12:00:00Z' };
const EXAMPLE_POWER = { name: 'my-vm', status: 'running', plugin: 'nginx-alpine' };
const EXAMPLE_LISTED = {
  ...EXAMPLE_POWER,
  ...{ ip: '10.0.0.10', pid: 12_345, created_at: EXAMPLE_MOMENT, resources: EXAMPLE_RESOURCES },
};

export const moment = (description: string) =>
  Type.String({ format: 'date-time', description, examples: [EXAMPLE_MOMENT] });

/** A name as somebody says it; whether there can be such a one, the engine tells. */
export const Name = Type.String({
  minLength: 1,
  maxLength: 256,
  description: '1 to 63 lower-case letters, digits and hyphens; neither begins nor ends with a hyphen.',
  examples: ['my-vm'],
});
export const PluginName = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'Of a plugin; `name@version` for one of its versions.',
  examples: ['nginx-alpine'],
});
/** Null for VMs that were made without one, through another face. */
export const MadeFrom = nullableString({ description: 'The plugin it was made from; null: none.' });

const pageFields = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'How many at most. Default: all.' })),
  offset: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'How many to leave out first. Default: 0.' }),
  ),
};
export const PageQuery = object(pageFields, { description: 'A part of the list.' });
export const TOTAL_COUNT = {
  name: 'X-Total-Count',
  description: 'How many there are altogether.',
  example: '12',
} as const;

export const VM_STATUSES = ['starting', 'running', 'stopped', 'restarting', 'deleting', 'error'] as const;
export type VmStatus = (typeof VM_STATUSES)[number];
const Status = enumComponent(
  'VmStatus',
  VM_STATUSES,
  'Where a VM is in its life. One that is paused or suspended is `stopped`; `error`: it has failed, or its host does not answer.',
);

export const ListVmsQuery = object(
  {
    plugin: Type.Optional(Type.String({ maxLength: 256, description: 'Filter by plugin name.' })),
    status: Type.Optional(Type.Array(Status, { description: 'Filter by status; may be given more than once.' })),
    ...pageFields,
  },
  { description: 'Which VMs.' },
);
export const VmParams = object({ name: Name }, { description: 'A VM.' });

const address = nullableString({
  description:
    'Address of the guest, reserved before a creation is answered; null where the host has no networks, or the VM is on none.',
});

const Resources = component(
  'Resources',
  {
    vcpu: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs.' }),
    memory_mb: Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB.' }),
  },
  { description: 'What it has of the host.', examples: [EXAMPLE_RESOURCES] },
);

const Health = component(
  'Health',
  {
    status: Type.String({
      description:
        '`starting`, `healthy`, `unhealthy`, `degraded` (its agent is silent) or `unknown`. Without a check: whether its agent answers.',
    }),
    last_check: nullableString({ format: 'date-time', description: 'When that was last found out; null: not yet.' }),
  },
  { description: 'How it is.', examples: [EXAMPLE_HEALTH] },
);

const power = { name: VmName, status: Status, plugin: MadeFrom };

export const VmPower = component('VmPower', power, {
  description: 'A VM whose power was changed.',
  examples: [EXAMPLE_POWER],
});
export type VmPower = Static<typeof VmPower>;

export const CreatedVm = component(
  'CreatedVm',
  { ...power, ip: address, created_at: moment('When it was asked for.') },
  {
    description: 'A VM that is being made.',
    examples: [{ ...EXAMPLE_POWER, status: 'starting', ip: '10.0.0.12', created_at: '2025-01-15T11:00:00Z' }],
  },
);
export type CreatedVm = Static<typeof CreatedVm>;

const listed = {
  ...power,
  ip: address,
  pid: nullableInteger({ description: 'Process of its machine on the host; null when there is none.' }),
  created_at: moment('When it was asked for.'),
  resources: Resources,
};
const ListedVm = component('ListedVm', listed, { description: 'A VM, in a list.', examples: [EXAMPLE_LISTED] });
export type ListedVm = Static<typeof ListedVm>;
export const VmList = Type.Array(ListedVm, {
  description: 'In the order they were made.',
  examples: [[EXAMPLE_LISTED]],
});

export const Vm = component(
  'Vm',
  { ...listed, health: Health },
  { description: 'A VM.', examples: [{ ...EXAMPLE_LISTED, health: EXAMPLE_HEALTH }] },
);
export type Vm = Static<typeof Vm>;

/** What a request may say of a machine. */
const AskedResources = object(
  {
    vcpu: Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: "Virtual CPUs. Default: the plugin's." })),
    memory_mb: Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: "Memory, MiB. Default: the plugin's." })),
  },
  { description: 'What it has of the host.' },
);

const CloudInit = object(
  {
    user_data: Type.Optional(
      Type.String({ maxLength: LIMITS.cloudInitBytes, description: 'What cloud-init does at its first boot.' }),
    ),
  },
  { description: 'For cloud-init.' },
);

export const CreateVm = component(
  'CreateVm',
  {
    name: Name,
    plugin: PluginName,
    config: Type.Optional(
      object(
        { resources: Type.Optional(AskedResources), cloud_init: Type.Optional(CloudInit) },
        { description: 'What is to be otherwise than the plugin says.' },
      ),
    ),
  },
  {
    description: 'A VM that is wanted.',
    examples: [
      {
        name: 'my-vm',
        plugin: 'nginx-alpine',
        config: { resources: EXAMPLE_RESOURCES, cloud_init: { user_data: '#cloud-config\npackages:\n  - curl' } },
      },
    ],
  },
);
export type CreateVm = Static<typeof CreateVm>;

export const ForceQuery = object(
  {
    force: Type.Optional(
      Type.Boolean({ description: 'At once, without asking the guest to shut down. Default: false.' }),
    ),
  },
  { description: 'How the machine is ended.' },
);

export const Config = component(
  'Config',
  {
    resources: Resources,
    network: object(
      {
        mode: Type.String({ description: '`bridge`: an address of its own; `user` and `none`: on no network.' }),
        bridge_name: nullableString({ description: 'The bridge on the host; null where it is on none.' }),
      },
      { description: 'How it is joined to the network.' },
    ),
    cloud_init: object(
      { enabled: Type.Boolean({ description: 'Whether cloud-init was given something to do.' }) },
      { description: 'For cloud-init.' },
    ),
  },
  {
    description: 'How a VM is set.',
    examples: [
      {
        resources: EXAMPLE_RESOURCES,
        network: { mode: 'bridge', bridge_name: 'vb31ff00a2c9d4' },
        cloud_init: { enabled: true },
      },
    ],
  },
);
export type Config = Static<typeof Config>;

export const UpdateConfig = component(
  'UpdateConfig',
  { resources: AskedResources },
  { description: 'What is to be otherwise; the rest stays.', examples: [{ resources: { vcpu: 4, memory_mb: 1024 } }] },
);
export type UpdateConfig = Static<typeof UpdateConfig>;

export const UpdatedConfig = component(
  'UpdatedConfig',
  {
    resources: Resources,
    restart_required: Type.Boolean({ description: 'Whether its machine has to be started again to have what is set.' }),
  },
  {
    description: 'How a VM is set, and whether its machine has that.',
    examples: [{ resources: { vcpu: 4, memory_mb: 1024 }, restart_required: true }],
  },
);
export type UpdatedConfig = Static<typeof UpdatedConfig>;

export const ConfigHistory = Type.Array(
  component(
    'ConfigChange',
    {
      timestamp: moment('When.'),
      changes: jsonObject({
        description: 'By path, what was (`old`) and what is (`new`); of the first one, `{"created": true}`.',
      }),
      author: Type.String({ description: 'Who did it: `api` for whoever needed no key.' }),
    },
    {
      description: 'A change of how a VM is set.',
      examples: [{ timestamp: EXAMPLE_MOMENT, changes: { 'resources.vcpu': { old: 2, new: 4 } }, author: 'api' }],
    },
  ),
  {
    description: 'Newest first.',
    examples: [[{ timestamp: EXAMPLE_MOMENT, changes: { created: true }, author: 'api' }]],
  },
);
export type ConfigHistory = Static<typeof ConfigHistory>;

export const Fault = component(
  'Error',
  {
    error: Type.String({ description: 'What went wrong, for people.' }),
    code: Type.String({ description: 'The same for programs.' }),
    details: jsonObject({ description: 'What there is to know about it; may be empty.' }),
  },
  {
    description: 'What went wrong.',
    examples: [{ error: 'VM not found', code: 'vm_not_found', details: { name: 'nonexistent-vm' } }],
  },
);
export type Fault = Static<typeof Fault>;
