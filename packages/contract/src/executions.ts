import { type Static, Type } from 'typebox';
import { Problem } from './errors.ts';
import { EXAMPLE_IDS, ExecutionId, VmId } from './ids.ts';
import { LIMITS } from './limits.ts';
import {
  component,
  enumComponent,
  nullable,
  nullableInteger,
  nullableString,
  nullableTimestamp,
  pageOf,
  stringEnum,
  stringMap,
  timestamp,
} from './schema.ts';

export const EXECUTION_STATES = ['starting', 'running', 'exited', 'failed', 'lost'] as const;
const NO_NUL = '^[^\\u0000]*$';

export const ExecutionState = enumComponent(
  'ExecutionState',
  EXECUTION_STATES,
  'How far a command is. `exited`, `failed` (could not be started) and `lost` (its VM ended under it) are final.',
);
export type ExecutionState = Static<typeof ExecutionState>;

export const TtySize = component(
  'TtySize',
  {
    rows: Type.Integer({ minimum: 1, maximum: 4096, description: 'Lines.' }),
    columns: Type.Integer({ minimum: 1, maximum: 4096, description: 'Characters a line.' }),
  },
  { description: 'Size of a terminal.', examples: [{ rows: 24, columns: 80 }] },
);
export type TtySize = Static<typeof TtySize>;

export const ExecRequest = component(
  'ExecRequest',
  {
    argv: Type.Optional(
      Type.Array(Type.String({ maxLength: 131_072, pattern: NO_NUL }), {
        minItems: 1,
        maxItems: 4096,
        description: 'Program and arguments. Either this or `command`.',
      }),
    ),
    command: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 131_072,
        pattern: NO_NUL,
        description: 'A line for `/bin/sh -c`. Either this or `argv`.',
      }),
    ),
    env: Type.Optional(
      stringMap({
        description: "Added to the guest's default environment.",
        maxProperties: 1024,
        keyPattern: '^[^=\\u0000]+$',
        keyLength: 1024,
        valueLength: 131_072,
        valuePattern: NO_NUL,
      }),
    ),
    cwd: Type.Optional(
      Type.String({ maxLength: 4096, pattern: NO_NUL, description: "Working directory. Default: the user's home." }),
    ),
    user: Type.Optional(
      Type.String({ maxLength: 64, pattern: NO_NUL, description: 'Name of a user in the guest. Default: root.' }),
    ),
    stdin: Type.Optional(
      Type.Unsafe<string | boolean>({
        type: ['string', 'boolean'],
        description: 'A text: its whole input. True: input comes by POST …/stdin. Default: false, none.',
      }),
    ),
    tty: Type.Optional(
      Type.Unsafe<boolean | TtySize>({
        anyOf: [{ type: 'boolean' }, TtySize],
        description: 'Run it on a terminal of this size (true: 24 × 80). All its output is then stdout.',
      }),
    ),
    timeout_ms: Type.Optional(
      Type.Integer({ ...LIMITS.execTimeoutMs, description: 'When it is killed, milliseconds; 0: never. Default: 0.' }),
    ),
    detach: Type.Optional(Type.Boolean({ description: 'True: answer at once; the command runs on. Default: false.' })),
  },
  { description: 'A command to be run in a guest.', examples: [{ argv: ['uname', '-a'] }] },
);
export type ExecRequest = Static<typeof ExecRequest>;

const EXAMPLE_EXECUTION = {
  id: EXAMPLE_IDS.execution,
  vm_id: EXAMPLE_IDS.vm,
  incarnation: 1,
  argv: ['uname', '-a'],
  cwd: '',
  user: '',
  tty: null,
  has_stdin: false,
  timeout_ms: 0,
  state: 'exited',
  exit_code: 0,
  signal: null,
  timed_out: false,
  error: null,
  stdout_bytes: 6,
  stderr_bytes: 0,
  stdout_dropped_bytes: 0,
  stderr_dropped_bytes: 0,
  truncated: false,
  is_workload: false,
  principal: 'admin',
  owner: 'admin',
  created_at: '2026-01-31T12:00:04.000Z',
  started_at: '2026-01-31T12:00:04.005Z',
  completed_at: '2026-01-31T12:00:04.012Z',
  duration_ms: 7,
} as const;

const executionFields = {
  id: ExecutionId,
  vm_id: VmId,
  incarnation: Type.Integer({ minimum: 0, description: 'The life of the VM it runs in.' }),
  argv: Type.Array(Type.String(), {
    description: 'Program and arguments. Its environment is not shown: it may hold secrets.',
  }),
  cwd: Type.String({ description: "Working directory; empty: the user's home." }),
  user: Type.String({ description: 'User in the guest; empty: root.' }),
  tty: nullable(TtySize),
  has_stdin: Type.Boolean({ description: 'True when it was given input.' }),
  timeout_ms: Type.Integer({ minimum: 0, description: 'When it is killed; 0: never.' }),
  state: ExecutionState,
  exit_code: nullableInteger({
    minimum: 0,
    maximum: 255,
    description: 'Null until it has exited, or when a signal ended it.',
  }),
  signal: nullableString({ description: 'Name of the signal that ended it, such as `SIGKILL`.' }),
  timed_out: Type.Boolean({ description: 'True when `timeout_ms` ended it.' }),
  error: nullableString({ description: 'Why it could not be started; else null.' }),
  stdout_bytes: Type.Integer({ minimum: 0, description: 'Produced so far, whether kept or not.' }),
  stderr_bytes: Type.Integer({ minimum: 0, description: 'Produced so far, whether kept or not.' }),
  stdout_dropped_bytes: Type.Integer({ minimum: 0, description: 'Produced past the bound of what is kept (16 MiB).' }),
  stderr_dropped_bytes: Type.Integer({ minimum: 0, description: 'Produced past the bound of what is kept (16 MiB).' }),
  truncated: Type.Boolean({ description: 'True when some output went past the bound and was not kept.' }),
  is_workload: Type.Boolean({
    description: "True for the VM's workload, which may be restarted, and of whose output the newest part is kept.",
  }),
  principal: Type.String({ description: 'Who asked for it.' }),
  owner: Type.String({ description: 'Whose VM it ran in.' }),
  created_at: timestamp('When it was asked for.'),
  started_at: nullableTimestamp('When the guest began it.'),
  completed_at: nullableTimestamp('When it ended.'),
  duration_ms: nullableInteger({ minimum: 0, description: 'From its start to its end; null until it has ended.' }),
};

export const Execution = component('Execution', executionFields, {
  description: 'One command run in a guest, at most once, with its output kept.',
  examples: [EXAMPLE_EXECUTION],
});
export type Execution = Static<typeof Execution>;

export const ExecutionPage = pageOf('ExecutionPage', Execution, EXAMPLE_EXECUTION);
export type ExecutionPage = Static<typeof ExecutionPage>;

/** How bytes stand in JSON: as they are when they are valid UTF-8, else in base64. */
export const Encoding = enumComponent('Encoding', ['utf8', 'base64'], 'How bytes stand in a JSON string.');
export type Encoding = Static<typeof Encoding>;

export const FinishedExecution = component(
  'FinishedExecution',
  {
    ...executionFields,
    stdout: Type.String({ description: 'What it wrote, as far as it is kept; see `stdout_encoding`.' }),
    stdout_encoding: Encoding,
    stderr: Type.String({ description: 'What it wrote to its error output; see `stderr_encoding`.' }),
    stderr_encoding: Encoding,
  },
  {
    description: 'A command that has ended, with its output.',
    examples: [
      { ...EXAMPLE_EXECUTION, stdout: 'Linux\n', stdout_encoding: 'utf8', stderr: '', stderr_encoding: 'utf8' },
    ],
  },
);
export type FinishedExecution = Static<typeof FinishedExecution>;

export const SignalRequest = component(
  'SignalRequest',
  {
    signal: Type.String({
      pattern: '^SIG[A-Z0-9+-]{1,12}$',
      description: 'A name such as `SIGTERM`.',
      examples: ['SIGTERM'],
    }),
  },
  { description: 'A signal for a command and its children.', examples: [{ signal: 'SIGTERM' }] },
);
export type SignalRequest = Static<typeof SignalRequest>;

export const CancelExecutionRequest = component(
  'CancelExecutionRequest',
  {
    grace_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.graceMs.maximum,
        description: 'How long it may take to end after SIGTERM, before SIGKILL. Default: 5000; 0: SIGKILL at once.',
      }),
    ),
  },
  { description: 'How a command is ended.', examples: [{ grace_ms: 5_000 }] },
);
export type CancelExecutionRequest = Static<typeof CancelExecutionRequest>;

export const StdinAccepted = component(
  'StdinAccepted',
  {
    stdin_bytes: Type.Integer({
      minimum: 0,
      description: 'How many bytes of input it has now: the offset of the next one.',
    }),
  },
  { description: 'How far the input of a command is.', examples: [{ stdin_bytes: 3 }] },
);
export type StdinAccepted = Static<typeof StdinAccepted>;

const outputFields = {
  offset: Type.Integer({ minimum: 0, description: 'Of the first byte within its stream.' }),
  data: Type.String(),
  encoding: Encoding,
};

export const ExecStarted = component(
  'ExecStarted',
  { type: stringEnum(['started']), execution: Execution },
  { description: 'First line: the command is known.', examples: [{ type: 'started', execution: EXAMPLE_EXECUTION }] },
);
export const ExecOutput = component(
  'ExecOutput',
  { type: stringEnum(['stdout', 'stderr']), ...outputFields },
  { description: 'Output.', examples: [{ type: 'stdout', offset: 0, data: 'Linux\n', encoding: 'utf8' }] },
);
export const Heartbeat = component(
  'Heartbeat',
  { type: stringEnum(['heartbeat']) },
  { description: 'Nothing happened for a while; the stream is alive.', examples: [{ type: 'heartbeat' }] },
);
export const ExecCompleted = component(
  'ExecCompleted',
  { type: stringEnum(['completed']), execution: Execution },
  { description: 'Last line: the command has ended.', examples: [{ type: 'completed', execution: EXAMPLE_EXECUTION }] },
);
export const StreamFailed = component(
  'StreamFailed',
  { type: stringEnum(['error']), problem: Problem },
  {
    description: 'Last line, when the stream cannot go on. The command may still run: look at the execution.',
    examples: [
      {
        type: 'error',
        problem: {
          type: '/docs/errors#unavailable',
          title: 'Unavailable',
          status: 503,
          code: 'unavailable',
          reason: 'server.stopping',
          detail: 'The server is stopping.',
          retryable: true,
          request_id: EXAMPLE_IDS.request,
        },
      },
    ],
  },
);

/** One line of the stream of a running command. */
export const ExecEvent = Type.Unsafe<
  | Static<typeof ExecStarted>
  | Static<typeof ExecOutput>
  | Static<typeof Heartbeat>
  | Static<typeof ExecCompleted>
  | Static<typeof StreamFailed>
>({
  $id: 'ExecEvent',
  description:
    'One line of the stream of a running command: `started`, then output and heartbeats, then `completed` or `error`.',
  examples: [{ type: 'stdout', offset: 0, data: 'Linux\n', encoding: 'utf8' }],
  anyOf: [ExecStarted, ExecOutput, Heartbeat, ExecCompleted, StreamFailed],
});
export type ExecEvent = Static<typeof ExecEvent>;
