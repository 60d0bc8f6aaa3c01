import { type Static, Type } from 'typebox';
import { ErrorCode } from './errors.ts';
import { EXAMPLE_IDS, OperationId } from './ids.ts';
import {
  component,
  enumComponent,
  type Json,
  jsonObject,
  nullable,
  nullableNumber,
  nullableString,
  nullableTimestamp,
  pageOf,
  stringEnum,
  timestamp,
} from './schema.ts';
import { EXAMPLE_VM, Vm } from './vms.ts';

export const OPERATION_STATES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export const OPERATION_KINDS = [
  'vm.create',
  'vm.update',
  'vm.start',
  'vm.stop',
  'vm.restart',
  'vm.pause',
  'vm.suspend',
  'vm.resume',
  'vm.delete',
  'image.build',
  'image.define',
  'snapshot.create',
  'snapshot.delete',
  'vm.fork',
  'vm.restore',
  'vm.batch',
  'system.prune',
  'warm_template.build',
  'template.install',
  'tool.build',
  'volume.create',
  'volume.delete',
] as const;

export const OperationState = enumComponent(
  'OperationState',
  OPERATION_STATES,
  'How far an operation is. `succeeded`, `failed` and `cancelled` are final.',
);
export type OperationState = Static<typeof OperationState>;

export const OperationKind = enumComponent('OperationKind', OPERATION_KINDS, 'What an operation does.');
export type OperationKind = Static<typeof OperationKind>;

export const OperationStep = component(
  'OperationStep',
  {
    name: Type.String({ description: 'What is done.' }),
    state: stringEnum(['running', 'succeeded', 'failed'], { description: 'How far it is.' }),
    attempt: Type.Integer({ minimum: 1, description: 'Counts from 1.' }),
    started_at: timestamp('When it began.'),
    completed_at: nullableTimestamp('When it ended; null while it runs.'),
    message: nullableString({ description: 'Why it failed; else null.' }),
  },
  {
    description: 'One step of an operation, as it was carried out. After a retry the same name stands again.',
    examples: [
      {
        name: 'create-disk',
        state: 'succeeded',
        attempt: 1,
        started_at: '2026-01-31T12:00:00.100Z',
        completed_at: '2026-01-31T12:00:00.200Z',
        message: null,
      },
    ],
  },
);

export const OperationSubject = component(
  'OperationSubject',
  {
    kind: stringEnum(['vm', 'image', 'tool', 'snapshot', 'warm_template', 'template', 'batch', 'system', 'volume'], {
      description: 'What it is.',
    }),
    id: nullableString({
      description:
        'Its id; null for an image, a tool, a template, a warm template, a batch and the system, which have a name alone.',
    }),
    name: Type.String({ description: 'Its name.' }),
  },
  { description: 'What an operation changes.', examples: [{ kind: 'vm', id: EXAMPLE_IDS.vm, name: 'first' }] },
);

export const OperationProgress = component(
  'OperationProgress',
  {
    fraction: nullableNumber({
      minimum: 0,
      maximum: 1,
      description: 'Of the present step; null when nobody can tell.',
    }),
    message: Type.String({ description: 'What is being done, for people.' }),
  },
  { description: 'How far the present step is.', examples: [{ fraction: 0.4, message: 'Unpacking packages' }] },
);

export const OperationError = component(
  'OperationError',
  {
    code: ErrorCode,
    reason: Type.String({ description: 'Stable, dotted name of the rule that spoke.' }),
    message: Type.String({ description: 'What happened, for people.' }),
    details: jsonObject({ description: 'Facts for programs.' }),
    retryable: Type.Boolean({ description: 'True when the same request may succeed if it is sent again.' }),
  },
  {
    description: 'Why an operation did not succeed.',
    examples: [
      {
        code: 'deadline_exceeded',
        reason: 'vm.boot_timeout',
        message: 'The guest did not answer.',
        details: {},
        retryable: true,
      },
    ],
  },
);

export const EXAMPLE_OPERATION = {
  id: EXAMPLE_IDS.operation,
  kind: 'vm.create',
  subject: { kind: 'vm', id: EXAMPLE_IDS.vm, name: 'first' },
  generation: 1,
  state: 'running',
  steps: [
    {
      name: 'create-disk',
      state: 'succeeded',
      attempt: 1,
      started_at: '2026-01-31T12:00:00.100Z',
      completed_at: '2026-01-31T12:00:00.200Z',
      message: null,
    },
  ],
  progress: null,
  result: null,
  error: null,
  principal: 'admin',
  owner: 'admin',
  revision: 3,
  created_at: '2026-01-31T12:00:00.000Z',
  started_at: '2026-01-31T12:00:00.050Z',
  completed_at: null,
  deadline_at: '2026-01-31T12:30:00.000Z',
  trace_id: null,
} as const;

/** Of an operation, for what shows one with more beside it. */
export const operationFields = {
  id: OperationId,
  kind: OperationKind,
  subject: OperationSubject,
  generation: Type.Integer({ minimum: 0, description: "The subject's generation it wants to reach; 0 for images." }),
  state: OperationState,
  steps: Type.Array(OperationStep, { description: 'In the order they were begun.' }),
  progress: nullable(OperationProgress),
  result: Type.Unsafe<Json>({
    description:
      'What came of it, by kind; null until there is something. Of a fork: `{items}`, with `vm_id` and `operation_id`, or an `error`, for each VM. Of a prune: `{kinds, dry_run, items, freed_bytes}`, each item with `kind`, `id`, `name`, `bytes`, its `state` (`found`, `removed`, `kept`) and why it was kept as `message`. Of a batch: `{stop_on_error, concurrency, items}`, each item with `action`, `index` (which item of the request it comes from), `vm_id` (null until it is created), `name`, `grace_ms`, its `state` (`pending`, `running`, `succeeded`, `failed`, `skipped`), `operation_id` and `error`; one of `exec` also with `execution_id` and, when it is over, `command`: `{exit_code, signal, stdout, stderr, truncated}` with the first 1024 bytes of each stream as text.',
  }),
  error: nullable(OperationError),
  principal: Type.String({ description: 'Who asked for it.' }),
  owner: Type.String({ description: 'Whose resource it changes.' }),
  revision: Type.Integer({ minimum: 1, description: 'Rises with each change of this record.' }),
  created_at: timestamp('When it was accepted.'),
  started_at: nullableTimestamp('When work on it began.'),
  completed_at: nullableTimestamp('When it became final.'),
  deadline_at: timestamp('When it is given up.'),
  trace_id: nullableString({
    description: 'The trace that tells of it, 32 hexadecimal digits; null where none is recorded.',
  }),
};

export const Operation = component('Operation', operationFields, {
  description: 'A durable, multi-step change.',
  examples: [EXAMPLE_OPERATION],
});
export type Operation = Static<typeof Operation>;

export const OperationPage = pageOf('OperationPage', Operation, EXAMPLE_OPERATION);
export type OperationPage = Static<typeof OperationPage>;

export const AcceptedOperation = component(
  'AcceptedOperation',
  { ...operationFields, vm: nullable(Vm) },
  {
    description: 'An accepted change that is in progress, with the VM as it is now (null if it has none).',
    examples: [
      {
        ...EXAMPLE_OPERATION,
        vm: {
          ...EXAMPLE_VM,
          phase: 'pending',
          health: 'unknown',
          pid: null,
          incarnation: 0,
          revision: 1,
          started_at: null,
        },
      },
    ],
  },
);
export type AcceptedOperation = Static<typeof AcceptedOperation>;

export const OperationEstimate = component(
  'OperationEstimate',
  {
    operation_id: OperationId,
    completed_at: nullableTimestamp(
      'When it is expected to be over, or was: it began, and takes what the last 20 of its kind took that succeeded, the one in their middle. Null where none of its kind is known.',
    ),
    is_final: Type.Boolean({ description: 'It is over: that is when.' }),
  },
  {
    description: 'When an operation is expected to be over.',
    examples: [{ operation_id: EXAMPLE_IDS.operation, completed_at: '2026-01-31T12:00:05.000Z', is_final: false }],
  },
);
export type OperationEstimate = Static<typeof OperationEstimate>;
