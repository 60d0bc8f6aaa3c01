import { component } from '@volary/contract';
import { type Static, Type } from 'typebox';
import { moment } from './schemas.ts';
import { DONE_AT, EXAMPLE_JOB_ID, EXAMPLE_VM_ID, VmStatus } from './vm-schemas.ts';

const OPERATION_ID = 'op_01kahx6z4rf8r9y6m3s2t1v0wr';

export const Powered = component(
  'PoweredVm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    operation_id: Type.String({ description: 'An operation of `/v1`.' }),
  },
  {
    description: 'A VM that is on its way.',
    examples: [{ id: EXAMPLE_VM_ID, status: 'starting', operation_id: OPERATION_ID }],
  },
);

export const Patience = component(
  'StopOptions',
  {
    graceful: Type.Optional(Type.Boolean({ default: true, description: 'Its guest is asked to shut down.' })),
    timeout_seconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 600, default: 60, description: 'After which its machine is ended.' }),
    ),
  },
  { description: 'How it is ended.', examples: [{ graceful: true, timeout_seconds: 60 }] },
);
export type Patience = Static<typeof Patience>;

export const MigrateVm = component(
  'MigrateVm',
  {
    target_host: Type.String({ minLength: 1, maxLength: 253, description: 'Where it is to go.' }),
    live_migration: Type.Optional(Type.Boolean({ description: 'While it runs.' })),
    preserve_state: Type.Optional(Type.Boolean({ description: 'With its memory.' })),
    bandwidth_limit_mbps: Type.Optional(Type.Integer({ minimum: 1, description: 'How fast at most.' })),
  },
  {
    description: 'A move that is wanted.',
    examples: [{ target_host: 'hv-node-05', live_migration: true, preserve_state: true, bandwidth_limit_mbps: 100 }],
  },
);

export const Migrating = component(
  'MigratingVm',
  {
    id: Type.String({ description: 'Of the VM.' }),
    status: VmStatus,
    migration_job_id: Type.String({ description: 'What moves it; an operation of `/v1`.' }),
    source_host: Type.String({ description: 'Where it is.' }),
    target_host: Type.String({ description: 'Where it goes.' }),
    progress_percent: Type.Number({ description: 'How much of it is there.' }),
    estimated_completion: moment('When that is expected to be over.'),
  },
  {
    description: 'A VM that moves.',
    examples: [
      {
        ...{ id: EXAMPLE_VM_ID, status: 'migrating', migration_job_id: EXAMPLE_JOB_ID },
        ...{ source_host: 'hv-node-03', target_host: 'hv-node-05', progress_percent: 0 },
        estimated_completion: DONE_AT,
      },
    ],
  },
);
