import { type Static, Type } from 'typebox';
import { ExecRequest } from './executions.ts';
import { VmRef } from './ids.ts';
import { LIMITS } from './limits.ts';
import { component, stringEnum } from './schema.ts';
import { CreateVmRequest } from './vms.ts';

export const BATCH_ACTIONS = [
  'create',
  'start',
  'stop',
  'restart',
  'pause',
  'resume',
  'suspend',
  'exec',
  'delete',
] as const;

const { argv, command, env, cwd, user } = ExecRequest.properties;

export const BatchItemRequest = component(
  'BatchItemRequest',
  {
    action: stringEnum(BATCH_ACTIONS, {
      description:
        '`create` takes `spec`, `exec` takes `argv` or `command`. All but `create` take `vm` or `selector`: which VMs are meant.',
    }),
    vm: Type.Optional(VmRef),
    selector: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.selectorLength,
        description:
          'All VMs with matching labels, in the order of their creation, in place of `vm`: one item for each.',
        examples: ['app=web'],
      }),
    ),
    spec: Type.Optional(CreateVmRequest),
    grace_ms: Type.Optional(
      Type.Integer({
        minimum: LIMITS.graceMs.minimum,
        maximum: LIMITS.graceMs.maximum,
        description: 'Of `stop` and `restart`: how long the guest may take to shut down. Default: 30000.',
      }),
    ),
    ...{ argv, command, env, cwd, user },
    timeout_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.execTimeoutMs.maximum,
        description: 'Of `exec`: when the command is killed. Default: 600000.',
      }),
    ),
  },
  {
    description: 'What is asked of one VM, or of all that a selector stands for.',
    examples: [
      { action: 'stop', vm: 'first', grace_ms: 10_000 },
      { action: 'create', spec: { name: 'second', template: 'nodejs' } },
      { action: 'exec', selector: 'app=web', command: 'uptime' },
    ],
  },
);
export type BatchItemRequest = Static<typeof BatchItemRequest>;

export const BatchRequest = component(
  'BatchRequest',
  {
    items: Type.Array(BatchItemRequest, {
      minItems: 1,
      maxItems: 500,
      description: 'In the order they are begun; at most 500 with those of selectors.',
    }),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 32,
        description:
          'How many are under way at the same time; 1: in order, each when the one before has ended. Default: 8.',
      }),
    ),
    stop_on_error: Type.Optional(
      Type.Boolean({ description: 'Begin no more when one has failed; the rest is `skipped`. Default: false.' }),
    ),
  },
  {
    description: 'Something to be done to many VMs, or VMs to be made.',
    examples: [
      {
        items: [
          { action: 'restart', vm: 'first' },
          { action: 'delete', vm: 'second' },
        ],
        concurrency: 1,
        stop_on_error: true,
      },
    ],
  },
);
export type BatchRequest = Static<typeof BatchRequest>;
