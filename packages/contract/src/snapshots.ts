import { type Static, Type } from 'typebox';
import { CloudInit } from './cloud-init.ts';
import { EXAMPLE_IDS, ImageName, SnapshotId, SnapshotName, SnapshotRef, VmId, VmName } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetwork } from './networks.ts';
import { EXAMPLE_OPERATION, Operation, OperationError, operationFields } from './operations.ts';
import {
  component,
  enumComponent,
  jsonObject,
  nullable,
  nullableInteger,
  nullableString,
  pageOf,
  stringMap,
  timestamp,
} from './schema.ts';
import { secretsField, VmSecret } from './secrets.ts';
import { EXAMPLE_VM, lifeFields, Vm, VmRestartPolicy, VmTemplate } from './vms.ts';

export const SNAPSHOT_STATES = ['creating', 'ready', 'failed', 'deleting'] as const;

export const SnapshotState = enumComponent(
  'SnapshotState',
  SNAPSHOT_STATES,
  'How a snapshot is. `ready`: complete, VMs can be made from it. `failed`: it could not be made, and nothing was kept.',
);
export type SnapshotState = Static<typeof SnapshotState>;

const labels = stringMap({
  description: 'Names with short values, to find it by.',
  maxProperties: LIMITS.labels.count,
  keyLength: LIMITS.labels.keyLength,
  valueLength: LIMITS.labels.valueLength,
});

export const SnapshotFailure = component(
  'SnapshotFailure',
  {
    reason: Type.String({ description: 'Stable, dotted name.' }),
    message: Type.String({ description: 'What happened, for people.' }),
  },
  {
    description: 'Why a snapshot could not be made.',
    examples: [{ reason: 'driver.disk_full', message: 'There is no space left on the disk that holds the VMs.' }],
  },
);

const EXAMPLE_SNAPSHOT = {
  id: EXAMPLE_IDS.snapshot,
  name: 'before-upgrade',
  description: '',
  labels: {},
  state: 'ready',
  operation_id: null,
  failure: null,
  is_temporary: false,
  source_vm_id: EXAMPLE_IDS.vm,
  source_vm_name: 'first',
  template: EXAMPLE_VM.template,
  cloud_init: EXAMPLE_VM.cloud_init,
  image: 'base',
  image_digest: EXAMPLE_VM.image_digest,
  vcpus: 1,
  memory_mib: 256,
  disk_gib: 8,
  network: { mode: 'user', egress: 'deny' },
  secrets: [],
  size_bytes: 62_914_560,
  halted_ms: 54,
  owner: 'admin',
  revision: 2,
  created_at: '2026-01-31T12:10:00.000Z',
  updated_at: '2026-01-31T12:10:00.400Z',
} as const;

export const Snapshot = component(
  'Snapshot',
  {
    id: SnapshotId,
    name: nullableString({ description: 'Its name; null when it goes by its id alone.' }),
    description: Type.String({ description: 'What somebody wrote about it.' }),
    labels,
    state: SnapshotState,
    operation_id: nullableString({ description: 'The operation that makes or removes it; else null.' }),
    failure: nullable(SnapshotFailure),
    is_temporary: Type.Boolean({
      description: 'Made for a fork: it is not listed, and goes by itself when the VMs of the fork have begun.',
    }),
    source_vm_id: VmId,
    source_vm_name: VmName,
    template: nullable(VmTemplate),
    cloud_init: nullable(CloudInit),
    image: ImageName,
    image_digest: Type.String({ description: 'The very image that its disk stands on.' }),
    vcpus: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs, as a VM made from it will have.' }),
    memory_mib: Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB, as a VM made from it will have.' }),
    disk_gib: Type.Integer({
      ...LIMITS.diskGib,
      description: 'Virtual size of its disk, GiB; that of a VM may be larger.',
    }),
    network: VmNetwork,
    secrets: Type.Array(VmSecret, {
      description: 'What the VM was given, and VMs of the same owner that are made from it are given too.',
    }),
    size_bytes: nullableInteger({ description: "What it takes on the host's disk; null until it is ready." }),
    halted_ms: nullableInteger({
      description: 'How long the VM was halted to be saved, milliseconds; null until it is ready.',
    }),
    owner: Type.String({ description: 'Who asked for it.' }),
    revision: Type.Integer({ minimum: 1, description: 'Rises with each change of this record.' }),
    created_at: timestamp('When it was asked for.'),
    updated_at: timestamp('When this record last changed.'),
  },
  { description: 'Memory, devices and disk of a VM at one moment.', examples: [EXAMPLE_SNAPSHOT] },
);
export type Snapshot = Static<typeof Snapshot>;

export const SnapshotPage = pageOf('SnapshotPage', Snapshot, EXAMPLE_SNAPSHOT);
export type SnapshotPage = Static<typeof SnapshotPage>;

export const AcceptedSnapshot = component(
  'AcceptedSnapshot',
  { ...operationFields, snapshot: nullable(Snapshot) },
  {
    description: 'A change of a snapshot that is under way, with the snapshot as it is now (null when it is gone).',
    examples: [
      {
        ...EXAMPLE_OPERATION,
        kind: 'snapshot.create',
        subject: { kind: 'snapshot', id: EXAMPLE_IDS.snapshot, name: 'before-upgrade' },
        snapshot: { ...EXAMPLE_SNAPSHOT, state: 'creating', size_bytes: null, halted_ms: null },
      },
    ],
  },
);
export type AcceptedSnapshot = Static<typeof AcceptedSnapshot>;

export const CreateSnapshotRequest = component(
  'CreateSnapshotRequest',
  {
    name: Type.Optional(SnapshotName),
    description: Type.Optional(
      Type.String({ maxLength: LIMITS.snapshots.descriptionLength, description: 'For people.' }),
    ),
    labels: Type.Optional(labels),
  },
  { description: 'What the snapshot is called, if anything.', examples: [{ name: 'before-upgrade' }] },
);
export type CreateSnapshotRequest = Static<typeof CreateSnapshotRequest>;

export const RestoredVmRequest = component(
  'RestoredVmRequest',
  {
    name: Type.Optional(VmName),
    vcpus: Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: "The snapshot's; may be left out." })),
    memory_mib: Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: "The snapshot's; may be left out." })),
    disk_gib: Type.Optional(
      Type.Integer({ ...LIMITS.diskGib, description: "At least the snapshot's, which is the default." }),
    ),
    restart_policy: Type.Optional(VmRestartPolicy),
    ...lifeFields,
    ...secretsField,
    labels: Type.Optional(labels),
    metadata: Type.Optional(
      jsonObject({ description: 'Any JSON object, at most 16 KiB; the server does not interpret it.' }),
    ),
  },
  { description: 'A VM that is wanted, made from a snapshot.', examples: [{ name: 'second' }] },
);
export type RestoredVmRequest = Static<typeof RestoredVmRequest>;

export const RestoreVmRequest = component(
  'RestoreVmRequest',
  { snapshot: SnapshotRef },
  { description: 'What the VM is to become again.', examples: [{ snapshot: 'before-upgrade' }] },
);
export type RestoreVmRequest = Static<typeof RestoreVmRequest>;

export const ForkVmRequest = component(
  'ForkVmRequest',
  {
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.snapshots.forks,
        description: 'How many VMs. Default: as many as there are names, else 1.',
      }),
    ),
    names: Type.Optional(
      Type.Array(VmName, { minItems: 1, maxItems: LIMITS.snapshots.forks, description: 'A name for each of them.' }),
    ),
    name_prefix: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?$',
        maxLength: 59,
        description: 'They are called by it, a hyphen and their number. Default: names are made up.',
      }),
    ),
    labels: Type.Optional(labels),
  },
  { description: 'VMs that are to go on where this one is.', examples: [{ count: 3, name_prefix: 'worker' }] },
);
export type ForkVmRequest = Static<typeof ForkVmRequest>;

export const ForkItem = component(
  'ForkItem',
  {
    status: Type.Integer({ description: '202 when it was accepted, else the status of its error.' }),
    vm: nullable(Vm),
    operation: nullable(Operation),
    error: nullable(OperationError),
  },
  {
    description: 'What became of one VM of a fork: it is being made by an operation, or was refused.',
    examples: [{ status: 202, vm: EXAMPLE_VM, operation: EXAMPLE_OPERATION, error: null }],
  },
);
export type ForkItem = Static<typeof ForkItem>;

export const Fork = component(
  'Fork',
  { operation: Operation, items: Type.Array(ForkItem, { description: 'In the order they were asked for.' }) },
  {
    description: 'A fork that is under way: the operation that saves its source, which the VMs wait for, and the VMs.',
    examples: [
      {
        operation: {
          ...EXAMPLE_OPERATION,
          kind: 'vm.fork',
          subject: { kind: 'snapshot', id: EXAMPLE_IDS.snapshot, name: EXAMPLE_IDS.snapshot },
        },
        items: [{ status: 202, vm: EXAMPLE_VM, operation: EXAMPLE_OPERATION, error: null }],
      },
    ],
  },
);
export type Fork = Static<typeof Fork>;
