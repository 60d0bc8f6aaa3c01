import {
  component,
  enumComponent,
  jsonObject,
  nullableNumber,
  nullableString,
  object,
  stringEnum,
  VmName,
} from '@volary/contract';
import { type Static, Type } from 'typebox';
import { moment } from './schemas.ts';

const STATUSES = [
  'provisioning',
  'starting',
  'running',
  'suspended',
  'stopping',
  'stopped',
  'restarting',
  'updating',
  'migrating',
  'deleting',
  'error',
] as const;
export const VmStatus = enumComponent('VmStatus', STATUSES, 'What a VM is doing.');
export type VmStatus = Static<typeof VmStatus>;

/** What the document names, and what else there is here. */
export const HYPERVISORS = ['kvm', 'vmware', 'hyperv', 'xen', 'docker', 'simulated'] as const;
const CLOUDS = ['aws', 'azure', 'gcp', 'onprem'] as const;

/** An id that this server knows, as an example. */
export const EXAMPLE_VM_ID = 'vm_01kahx6z4qf8r9y6m3s2t1v0wq';
export const EXAMPLE_JOB_ID = 'job_01kahx6z4rf8r9y6m3s2t1v0wr';
export const DONE_AT = '2025-01-30T15:35:00Z';

export const VmParams = object(
  { vm_id: Type.String({ description: 'Id of a VM.', examples: [EXAMPLE_VM_ID] }) },
  { description: 'A VM.' },
);

const nullablePercent = (description: string) =>
  nullableNumber({ minimum: 0, description: `${description}, over the last minute. Null: it was not measured.` });
const gib = (description: string) => Type.Number({ minimum: 0, description: `${description}, GiB.` });

const SHOWN = {
  id: EXAMPLE_VM_ID,
  name: 'production-web-01',
  status: 'running',
  hypervisor: 'kvm',
  cloud_provider: 'onprem',
  region: 'local',
  resources: { cpu: 4, memory_gb: 16, storage_gb: 100 },
  network: { private_ip: '10.66.0.10', public_ip: null, vpc_id: 'vpc_default' },
  created_at: '2025-01-15T10:30:00Z',
  updated_at: '2025-01-30T14:22:00Z',
};

export const ListedVm = component(
  'ListedVm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    name: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    hypervisor: stringEnum(HYPERVISORS, { description: 'What runs it.' }),
    cloud_provider: stringEnum(CLOUDS, { description: 'Where.' }),
    region: Type.String({ description: 'Of its host.' }),
    resources: object(
      {
        cpu: Type.Integer({ description: 'Virtual processors.' }),
        memory_gb: gib('Memory'),
        storage_gb: gib('Its root disk'),
      },
      { description: 'What it was given.' },
    ),
    network: object(
      {
        private_ip: nullableString({ description: 'Null: it has none that others reach.' }),
        public_ip: nullableString({
          description: "Null: a VM has no address of the outside; with egress it goes out by its host's.",
        }),
        vpc_id: nullableString({ description: 'Its network. Null: it is on none.' }),
      },
      { description: 'How it is reached.' },
    ),
    created_at: moment('When it was asked for.'),
    updated_at: moment('When anything of it changed last.'),
  },
  { description: 'A VM in a list.', examples: [SHOWN] },
);
export type ListedVm = Static<typeof ListedVm>;

export const VmList = component(
  'VmList',
  {
    data: Type.Array(ListedVm),
    pagination: object(
      {
        page: Type.Integer({ description: 'Which one this is, from 1 on.' }),
        limit: Type.Integer({ description: 'How many it may hold.' }),
        total: Type.Integer({ description: 'How many VMs there are on all pages.' }),
        pages: Type.Integer({ description: 'How many pages.' }),
      },
      { description: 'Where in the list this is.' },
    ),
  },
  {
    description: 'A page.',
    examples: [{ data: [SHOWN], pagination: { page: 1, limit: 20, total: 145, pages: 8 } }],
  },
);

export const ListQuery = object(
  {
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1, description: 'Page number.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Items per page.' })),
    status: Type.Optional(stringEnum(STATUSES, { description: 'Filter by status.' })),
    hypervisor: Type.Optional(stringEnum(HYPERVISORS, { description: 'Filter by hypervisor.' })),
    cloud: Type.Optional(stringEnum(CLOUDS, { description: 'Filter by cloud provider.' })),
    search: Type.Optional(Type.String({ maxLength: 128, description: 'Search by name or ID.' })),
  },
  { description: 'What to list.' },
);
export type ListQuery = Static<typeof ListQuery>;

const Resources = {
  cpu: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, description: 'Virtual processors.' })),
  memory_gb: Type.Optional(
    Type.Number({ minimum: 0.125, maximum: 1_024, description: 'Memory, GiB; may be a fraction.' }),
  ),
  storage_gb: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_384, description: 'Its root disk, GiB.' })),
};

export const CreateVm = component(
  'CreateVm',
  {
    name: VmName,
    template_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: 'What it is made from: name, `name@version` or `tpl_…`.',
      }),
    ),
    hypervisor: Type.Optional(stringEnum(HYPERVISORS, { description: 'Default: what this server has.' })),
    cloud_provider: Type.Optional(stringEnum(CLOUDS, { description: 'Default: `onprem`.' })),
    region: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Default: that of this server.' })),
    resources: Type.Optional(object(Resources, { description: 'What it gets; the rest as the template says.' })),
    network: Type.Optional(
      object(
        {
          vpc_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'A network.' })),
          subnet_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'A range in it.' })),
          security_groups: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 8, description: 'Rule sets.' }),
          ),
        },
        { description: 'What it is joined to.' },
      ),
    ),
    metadata: Type.Optional(jsonObject({ description: 'Kept and returned as sent; at most 16 KiB as JSON.' })),
  },
  {
    description: 'A VM that is wanted.',
    examples: [
      {
        name: 'staging-api-02',
        template_id: 'base',
        hypervisor: 'kvm',
        cloud_provider: 'onprem',
        region: 'local',
        resources: { cpu: 2, memory_gb: 8, storage_gb: 50 },
        network: { vpc_id: 'vpc_default', security_groups: [] },
        metadata: { environment: 'staging', team: 'backend', cost_center: 'engineering' },
      },
    ],
  },
);
export type CreateVm = Static<typeof CreateVm>;

export const Created = component(
  'CreatedVm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    name: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    provisioning_job_id: Type.String({ description: 'What makes it; an operation of `/v1`.' }),
    estimated_completion: moment('When that is expected to be over.'),
  },
  {
    description: 'A VM that is being made.',
    examples: [
      {
        ...{ id: EXAMPLE_VM_ID, name: 'staging-api-02', status: 'provisioning' },
        ...{ provisioning_job_id: EXAMPLE_JOB_ID, estimated_completion: DONE_AT },
      },
    ],
  },
);

const Interface = component(
  'NetworkInterface',
  {
    name: Type.String({ description: 'As its guest calls it.' }),
    mac: nullableString({ description: 'Null: its driver gives it one that nobody else is told.' }),
    private_ip: nullableString({ description: 'Null: it has none that others reach.' }),
    public_ip: nullableString({
      description: "Null: a VM has no address of the outside; with egress it goes out by its host's.",
    }),
    bandwidth_mbps: nullableNumber({
      description: 'Null: nothing bounds it, and a virtual link has no speed that could be measured.',
    }),
  },
  {
    description: 'How it is joined to a network.',
    examples: [
      { name: 'eth0', mac: '52:54:00:12:34:56', private_ip: '10.66.0.10', public_ip: null, bandwidth_mbps: null },
    ],
  },
);

export const VmDetails = component(
  'Vm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    name: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    hypervisor: stringEnum(HYPERVISORS, { description: 'What runs it.' }),
    hypervisor_details: object(
      {
        host: Type.String({ description: 'Name of the machine that it runs on.' }),
        version: Type.String({ description: 'Of what runs it.' }),
        uuid: Type.String({ format: 'uuid', description: 'The same 128 bits as its id.' }),
        accelerator: Type.Optional(stringEnum(['kvm', 'tcg', 'none'], { description: 'What runs its instructions.' })),
      },
      { description: 'What runs it.' },
    ),
    resources: object(
      {
        cpu: Type.Integer({ description: 'Virtual processors.' }),
        cpu_usage_percent: nullablePercent('Used of them'),
        memory_gb: gib('Memory'),
        memory_usage_percent: nullablePercent('Used of what its guest has'),
        storage_gb: gib('Its root disk'),
        storage_usage_percent: nullablePercent("Used of the root's file system"),
      },
      { description: 'What it was given, and what it uses.' },
    ),
    network: object({ interfaces: Type.Array(Interface) }, { description: 'How it is reached.' }),
    monitoring: object(
      {
        metrics_endpoint: Type.String({ description: 'Below the path of this version.' }),
        logs_endpoint: Type.String({ description: 'The same.' }),
        alerts_active: Type.Integer({ description: 'How many things are wrong with it now.' }),
      },
      { description: 'What else is known of it.' },
    ),
    metadata: jsonObject({ description: 'As it was sent.' }),
    error: nullableString({ description: 'Why its status is `error`; else null.' }),
  },
  {
    description: 'A VM.',
    examples: [
      {
        ...{ id: EXAMPLE_VM_ID, name: 'production-web-01', status: 'running', hypervisor: 'kvm' },
        hypervisor_details: {
          ...{ host: 'hv-node-03', version: '7.0.0', uuid: '550e8400-e29b-41d4-a716-446655440000' },
          accelerator: 'kvm',
        },
        resources: {
          ...{ cpu: 4, cpu_usage_percent: 45.2, memory_gb: 16, memory_usage_percent: 72.8 },
          ...{ storage_gb: 100, storage_usage_percent: 34.5 },
        },
        network: {
          interfaces: [
            { name: 'eth0', mac: '52:54:00:12:34:56', private_ip: '10.66.0.10', public_ip: null, bandwidth_mbps: null },
          ],
        },
        monitoring: {
          metrics_endpoint: `/vms/${EXAMPLE_VM_ID}/metrics`,
          logs_endpoint: `/vms/${EXAMPLE_VM_ID}/logs`,
          alerts_active: 0,
        },
        ...{ metadata: {}, error: null },
      },
    ],
  },
);
export type VmDetails = Static<typeof VmDetails>;

export const UpdateVm = component(
  'UpdateVm',
  {
    name: Type.Optional(VmName),
    resources: Type.Optional(object(Resources, { description: 'What is absent stays as it is.' })),
    metadata: Type.Optional(jsonObject({ description: 'Merged: null removes a name.' })),
  },
  {
    description: 'What is to be changed.',
    examples: [
      {
        name: 'production-web-01-updated',
        resources: { cpu: 8, memory_gb: 32 },
        metadata: { environment: 'production', scaling_enabled: true },
      },
    ],
  },
);
export type UpdateVm = Static<typeof UpdateVm>;

export const Updated = component(
  'UpdatedVm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    update_job_id: Type.String({ description: 'What changes it; an operation of `/v1`.' }),
    changes_pending: Type.Array(Type.String(), { description: 'What its machine does not have yet.' }),
  },
  {
    description: 'A VM that is being changed.',
    examples: [
      {
        ...{ id: EXAMPLE_VM_ID, status: 'updating', update_job_id: EXAMPLE_JOB_ID },
        changes_pending: ['cpu', 'memory'],
      },
    ],
  },
);

export const DeleteQuery = object(
  {
    force: Type.Optional(Type.Boolean({ default: false, description: 'Force deletion even if VM is running.' })),
    preserve_volumes: Type.Optional(
      Type.Boolean({ default: false, description: 'Keep storage volumes after deletion.' }),
    ),
  },
  { description: 'How it goes.' },
);

export const Deleted = component(
  'DeletedVm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    deletion_job_id: Type.String({ description: 'What removes it; an operation of `/v1`.' }),
    estimated_completion: moment('When that is expected to be over.'),
  },
  {
    description: 'A VM that is going.',
    examples: [
      {
        ...{ id: EXAMPLE_VM_ID, status: 'deleting', deletion_job_id: EXAMPLE_JOB_ID },
        estimated_completion: DONE_AT,
      },
    ],
  },
);
