import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS } from './ids.ts';
import { LIMITS } from './limits.ts';
import {
  component,
  enumComponent,
  nullableInteger,
  nullableString,
  nullableTimestamp,
  stringEnum,
  stringMap,
} from './schema.ts';

const NO_NUL = '^[^\\u0000]*$';
const { environment, workload } = LIMITS;

/** The variables of a VM, of a workload. */
export function environmentMap(description: string) {
  return stringMap({
    description,
    maxProperties: environment.count,
    keyPattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    keyLength: environment.nameLength,
    valueLength: environment.valueLength,
    valuePattern: NO_NUL,
    examples: [{ LOG_LEVEL: 'info' }],
  });
}

export const Port = Type.Integer({
  minimum: 1,
  maximum: 65_535,
  description: 'A TCP port of the guest.',
  examples: [8080],
});

export const WORKLOAD_TYPES = ['http', 'tcp', 'daemon', 'batch'] as const;
export const WorkloadType = enumComponent(
  'WorkloadType',
  WORKLOAD_TYPES,
  '`http`: serves HTTP at its port; `tcp`: listens at its port; `daemon`: runs for ever; `batch`: runs to its end.',
);

export const WORKLOAD_RESTARTS = ['always', 'on-failure', 'never'] as const;

const fields = {
  type: WorkloadType,
  port: Type.Optional(Port),
  environment: Type.Optional(environmentMap("Variables of the workload alone; they go before those of the VM's own.")),
  working_dir: Type.Optional(
    Type.String({ maxLength: 4096, pattern: NO_NUL, description: "Working directory. Default: the user's home." }),
  ),
  user: Type.Optional(
    Type.String({ maxLength: 64, pattern: NO_NUL, description: 'Name of a user in the guest. Default: root.' }),
  ),
  base_url: Type.Optional(
    Type.String({
      maxLength: 2048,
      pattern: '^https?://',
      description: 'Where it serves within the guest: `http`, a loopback name or address, and what paths begin with.',
      examples: ['http://127.0.0.1:8080/api'],
    }),
  ),
  restart: Type.Optional(
    stringEnum(WORKLOAD_RESTARTS, {
      description:
        'What follows when it ends: `always`, it is started again; `on-failure`, unless it exited with 0; `never`. Default: `always`; of a batch, which cannot have that: `never`.',
    }),
  ),
  restart_delay_ms: Type.Optional(
    Type.Integer({
      ...workload.delayMs,
      description: 'Before the first restart; doubled with each one that follows soon. Default: 500.',
    }),
  ),
  restart_max_delay_ms: Type.Optional(
    Type.Integer({ ...workload.delayMs, description: 'The longest it becomes. Default: 60000.' }),
  ),
};

/** In requests and in manifests. */
export const WorkloadRequest = component(
  'WorkloadRequest',
  {
    ...fields,
    command: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: workload.commandLength,
        pattern: NO_NUL,
        description: 'A line for `/bin/sh -c`. Either this or `entrypoint`; with neither, the image itself runs it.',
      }),
    ),
    entrypoint: Type.Optional(
      Type.Array(Type.String({ maxLength: workload.commandLength, pattern: NO_NUL }), {
        minItems: 1,
        maxItems: workload.arguments,
        description: 'Program and arguments. Either this or `command`.',
      }),
    ),
    args: Type.Optional(
      Type.Array(Type.String({ maxLength: workload.commandLength, pattern: NO_NUL }), {
        maxItems: workload.arguments,
        description: 'More arguments, only together with `entrypoint`.',
      }),
    ),
  },
  {
    description: 'What a VM is there for: one program that its guest keeps running.',
    examples: [{ type: 'http', command: 'exec python3 -m http.server 8080', port: 8080 }],
  },
);
export type WorkloadRequest = Static<typeof WorkloadRequest>;

const EXAMPLE_WORKLOAD = {
  type: 'http',
  entrypoint: ['/bin/sh', '-c', 'exec python3 -m http.server 8080'],
  port: 8080,
  base_url: 'http://127.0.0.1:8080',
  environment: {},
  working_dir: '',
  user: '',
  restart: 'always',
  restart_delay_ms: 500,
  restart_max_delay_ms: 60_000,
} as const;

export const Workload = component(
  'Workload',
  {
    type: WorkloadType,
    entrypoint: Type.Unsafe<readonly string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Program and arguments; null: the image runs it by itself.',
    }),
    port: nullableInteger({ minimum: 1, maximum: 65_535, description: 'Where it listens; null: nowhere.' }),
    base_url: nullableString({ description: 'Where it serves HTTP within the guest; null: nowhere.' }),
    environment: environmentMap('Variables of the workload alone.'),
    working_dir: Type.String({ description: "Empty: the user's home." }),
    user: Type.String({ description: 'Empty: root.' }),
    restart: stringEnum(WORKLOAD_RESTARTS, { description: 'What follows when it ends.' }),
    restart_delay_ms: Type.Integer({ minimum: 0, description: 'Before the first restart.' }),
    restart_max_delay_ms: Type.Integer({ minimum: 0, description: 'The longest delay.' }),
  },
  { description: 'What a VM is there for.', examples: [EXAMPLE_WORKLOAD] },
);
export type Workload = Static<typeof Workload>;

export const WORKLOAD_STATES = ['starting', 'running', 'waiting', 'completed', 'failed', 'lost'] as const;

export const WorkloadStatus = component(
  'WorkloadStatus',
  {
    execution_id: nullableString({ description: 'The execution that it is: its output is there.' }),
    state: stringEnum(WORKLOAD_STATES, {
      description:
        '`waiting`: it has ended and is about to be started again. Over for good are `completed` (it exited with 0), `failed` (it did not, or could not be started) and `lost` (its machine ended).',
    }),
    runs: Type.Integer({ minimum: 0, description: 'How often it has been started in this life of its VM.' }),
    last_exit_code: nullableInteger({
      description: 'Of the last run that ended; null: none has, or a signal ended it.',
    }),
    last_signal: nullableString({ description: 'Name of the signal that ended the last run, such as `SIGKILL`.' }),
    last_exit_at: nullableTimestamp('When the last run ended.'),
    message: nullableString({ description: 'Why it could not be started, or is not followed; else null.' }),
  },
  {
    description: 'How the workload of a VM is.',
    examples: [
      {
        execution_id: EXAMPLE_IDS.execution,
        state: 'running',
        runs: 2,
        last_exit_code: 1,
        last_signal: null,
        last_exit_at: '2026-01-31T12:00:09.000Z',
        message: null,
      },
    ],
  },
);
export type WorkloadStatus = Static<typeof WorkloadStatus>;
