import {
  component,
  enumComponent,
  jsonObject,
  LIMITS,
  nullableInteger,
  nullableString,
  object,
  stringEnum,
  stringMap,
  VmName,
} from '@volary/contract';
import { type Static, Type } from 'typebox';
import { LOG_LEVELS } from '../../../domain/logs/log-line.ts';

const ID = '550e8400-e29b-41d4-a716-446655440000';
const AT = '2025-10-05T10:00:00Z';
const EXAMPLE_LIMIT = 50;
const LATEST_MS = 8_640_000_000_000_000;
const VM = {
  id: ID,
  name: 'my-vm',
  status: 'running',
  vcpu_count: 2,
  memory_mb: 1024,
  created_at: AT,
  metadata: {},
};
const VM_DETAILS = {
  ...{ id: ID, name: 'my-vm', status: 'running', vcpu_count: 2, memory_mb: 1024 },
  kernel_path: '/var/lib/volary/images/9f86d0…/kernel',
  rootfs_path: '/var/lib/volary/vms/vm_01kahx…/run/disk.qcow2',
  socket_path: '/var/lib/volary/vms/vm_01kahx…/run/qmp.sock',
  ...{ created_at: AT, started_at: AT, metadata: {} },
};

const uuid = (description: string) => Type.String({ format: 'uuid', description, examples: [ID] });
const moment = (description: string) => Type.String({ format: 'date-time', description, examples: [AT] });
const laterMoment = (description: string) => nullableString({ format: 'date-time', description, examples: [AT] });
const Metadata = jsonObject({
  description: 'As given, and the tools of the VM by their exact versions (`tools`).',
  examples: [{ tools: { git: '2.39.5' } }],
});

const VmStatus = enumComponent(
  'VmStatus',
  [
    ...(['creating', 'starting', 'running', 'suspended', 'stopping', 'stopped'] as const),
    ...(['restarting', 'deleting', 'failed', 'unknown'] as const),
  ],
  'Where a VM is in its life.',
);
export type VmStatus = Static<typeof VmStatus>;

const vmFields = {
  id: uuid('Of the VM.'),
  name: VmName,
  status: VmStatus,
  vcpu_count: Type.Integer({ description: 'Virtual CPUs.', examples: [2] }),
  memory_mb: Type.Integer({ description: 'MiB.', examples: [1024] }),
};

export const VmSummary = component(
  'Vm',
  { ...vmFields, created_at: moment('When it was asked for.'), metadata: Metadata },
  { description: 'A VM, as in a list.', examples: [VM] },
);
export type VmSummary = Static<typeof VmSummary>;

export const VmList = component(
  'VmList',
  {
    vms: Type.Array(VmSummary, { description: 'All that one may see, in the order they were made.' }),
    total: Type.Integer({ description: 'How many.', examples: [1] }),
  },
  { description: 'VMs.', examples: [{ vms: [VM], total: 1 }] },
);
export type VmList = Static<typeof VmList>;

export const VmDetails = component(
  'VmDetails',
  {
    ...vmFields,
    kernel_path: nullableString({ description: 'Its kernel on the host; null where it has none of its own.' }),
    rootfs_path: nullableString({ description: 'Its root disk on the host.' }),
    socket_path: nullableString({ description: 'Where its VMM is told what to do.' }),
    created_at: moment('When it was asked for.'),
    started_at: laterMoment('When it last began to run; null before.'),
    metadata: Metadata,
  },
  {
    description: 'A VM. Paths are told to those who may see the host (`host:read`), to others they are null.',
    examples: [VM_DETAILS],
  },
);
export type VmDetails = Static<typeof VmDetails>;

const Tool = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000]*$', description: 'Name of a tool.' });

export const CreateVm = component(
  'CreateVm',
  {
    name: Type.Optional(VmName),
    vcpus: Type.Optional(Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs.' })),
    memory_mb: Type.Optional(Type.Integer({ ...LIMITS.memoryMib, description: 'MiB.' })),
    additional_tools: Type.Optional(
      Type.Array(Tool, { maxItems: 24, description: 'Besides git, nodejs@20, bun@latest and claude-code@latest.' }),
    ),
    tool_versions: Type.Optional(
      stringMap({
        description: 'Versions of its tools, default ones too.',
        maxProperties: 28,
        keyLength: 64,
        valueLength: 64,
      }),
    ),
    metadata: Type.Optional(jsonObject({ description: 'Kept and returned as sent; at most 16 KiB as JSON.' })),
  },
  {
    description: 'A VM that is wanted.',
    examples: [
      {
        ...{ name: 'my-vm', vcpus: 2, memory_mb: 1024, additional_tools: ['go', 'python'] },
        tool_versions: { go: '1.23.0', python: '3.11' },
      },
    ],
  },
);
export type CreateVm = Static<typeof CreateVm>;

const TASK_STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
const TaskStatus = enumComponent('TaskStatus', TASK_STATUSES, 'How far a task is.');
export type TaskStatus = Static<typeof TaskStatus>;

export const CreatedTask = component(
  'CreatedTask',
  { task_id: uuid('Of the task.'), status: TaskStatus },
  { description: 'What was begun.', examples: [{ task_id: ID, status: 'pending' }] },
);

export const DeletionTask = component(
  'DeletionTask',
  { id: uuid('Of the task.'), type: Type.String({ description: '`vm:delete`.' }), status: TaskStatus },
  { description: 'What was begun.', examples: [{ id: ID, type: 'vm:delete', status: 'pending' }] },
);

const EXAMPLE_TASK = {
  ...{ id: ID, type: 'vm:create', status: 'completed' },
  result: { vm_id: ID, name: 'my-vm', status: 'running' },
  ...{ error: null, created_at: AT, completed_at: AT },
};
export const Task = component(
  'Task',
  {
    id: uuid('Of the task.'),
    type: Type.String({ description: '`vm:create`, `vm:start`, `vm:stop`, `vm:delete`, `vm:execute` …' }),
    status: TaskStatus,
    result: Type.Unsafe<Static<ReturnType<typeof jsonObject>> | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description:
        'What came of it: the VM, or of a command its exit code and output, the first MiB of each stream, and whether it wrote more (`truncated`). Null until it is completed.',
    }),
    error: nullableString({ description: 'Why it failed; else null.' }),
    created_at: moment('When it was asked for.'),
    completed_at: laterMoment('When it was over; null before.'),
  },
  { description: 'Something that takes its time.', examples: [EXAMPLE_TASK] },
);
export type Task = Static<typeof Task>;

export const Execute = component(
  'Execute',
  {
    command: Type.String({
      minLength: 1,
      maxLength: 4_096,
      pattern: '^[^\\u0000]*$',
      description: 'The program; no shell is between.',
    }),
    args: Type.Optional(
      Type.Array(Type.String({ maxLength: 131_072, pattern: '^[^\\u0000]*$', description: 'One argument.' }), {
        maxItems: 1_000,
        description: 'Its arguments.',
      }),
    ),
  },
  {
    description: 'A command that is to run, once.',
    examples: [{ command: 'git', args: ['clone', 'https://github.com/user/repo'] }],
  },
);
export type Execute = Static<typeof Execute>;

export const ExecuteTask = component(
  'ExecuteTask',
  { task_id: uuid('Of the task, and of the execution.'), vm_id: uuid('Of the VM.'), status: TaskStatus },
  { description: 'The command has been begun.', examples: [{ task_id: ID, vm_id: ID, status: 'pending' }] },
);

const EXAMPLE_EXECUTION = {
  ...{ id: ID, vm_id: ID, command: 'git', args: ['clone', 'https://github.com/user/repo'] },
  ...{ exit_code: 0, stdout: "Cloning into 'repo'...", stderr: '' },
  ...{ started_at: AT, completed_at: '2025-10-05T10:00:30Z', duration_ms: 30_000, truncated: false },
};
export const Execution = component(
  'Execution',
  {
    id: uuid('Of the execution.'),
    vm_id: uuid('Of the VM.'),
    command: Type.String({ description: 'The program.' }),
    args: Type.Array(Type.String(), { description: 'Its arguments.' }),
    exit_code: nullableInteger({ description: 'Null until it has ended, and when a signal killed it.' }),
    stdout: Type.String({ description: 'What it wrote so far; the first 64 KiB, and 4 MiB of all in a list.' }),
    stderr: Type.String({ description: 'The same of its errors.' }),
    started_at: laterMoment('When it began; null before.'),
    completed_at: laterMoment('When it ended; null before.'),
    duration_ms: nullableInteger({ description: 'How long it ran; null until it has ended.' }),
    truncated: Type.Boolean({ description: 'It wrote more than is shown: `GET /tasks/{id}` has more of it.' }),
  },
  { description: 'A command that runs or ran in a VM.', examples: [EXAMPLE_EXECUTION] },
);
export type Execution = Static<typeof Execution>;

export const ExecutionList = component(
  'ExecutionList',
  {
    executions: Type.Array(Execution, { description: 'The newest first.' }),
    total: Type.Integer({ description: 'How many there are in all.', examples: [1] }),
  },
  { description: 'Commands of a VM.', examples: [{ executions: [EXAMPLE_EXECUTION], total: 1 }] },
);

export const ExecutionQuery = object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200, description: `How many; default ${EXAMPLE_LIMIT}.` }),
    ),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'How many are left out.' })),
  },
  { description: 'Which of them.' },
);

const LogLevel = stringEnum(LOG_LEVELS, { description: 'Lines of this level and of graver ones.' });
const textOfId = (description: string) => Type.String({ maxLength: 128, description, examples: [ID] });

export const LogQuery = component(
  'LogQuery',
  {
    vm_id: Type.Optional(textOfId('Of one VM alone.')),
    level: Type.Optional(LogLevel),
    search_text: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\u0000]*$', description: 'Words in the message.' }),
    ),
    start_time: Type.Optional(
      Type.Integer({ minimum: 0, maximum: LATEST_MS, description: 'From this moment on: milliseconds since 1970.' }),
    ),
    end_time: Type.Optional(Type.Integer({ minimum: 0, maximum: LATEST_MS, description: 'Before this moment.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'How many; default 100.' })),
  },
  { description: 'Which lines.', examples: [{ vm_id: ID, level: 'error', limit: EXAMPLE_LIMIT }] },
);
export type LogQuery = Static<typeof LogQuery>;

const EXAMPLE_LINE = {
  ...{ timestamp: AT, level: 'error', message: 'Task failed', task_id: ID, vm_id: ID },
  fields: { error: 'connection timeout' },
};
export const LogEntry = component(
  'LogEntry',
  {
    timestamp: moment('When it was said.'),
    level: stringEnum(LOG_LEVELS, { description: 'How grave it is.' }),
    message: Type.String({ description: 'One line.' }),
    task_id: nullableString({ format: 'uuid', description: 'Of the task that it is about; null: of none.' }),
    vm_id: nullableString({ format: 'uuid', description: 'Of the VM that it is about; null: of none.' }),
    fields: jsonObject({ description: 'Facts; `error` where something failed.' }),
  },
  { description: 'A line of the log.', examples: [EXAMPLE_LINE] },
);
export type LogEntry = Static<typeof LogEntry>;

export const LogList = component(
  'LogList',
  {
    logs: Type.Array(LogEntry, { description: 'The newest first.' }),
    total: Type.Integer({ description: 'How many lines this answer has.', examples: [1] }),
  },
  { description: 'Lines of the log.', examples: [{ logs: [EXAMPLE_LINE], total: 1 }] },
);

const inAddress = {
  api_key: Type.Optional(Type.String({ maxLength: 4_096, description: 'The key, where no header can be set.' })),
  token: Type.Optional(Type.String({ maxLength: 16_384, description: 'The token, likewise.' })),
};
export const StreamQuery = object(
  { vm_id: Type.Optional(textOfId('Of one VM alone.')), level: Type.Optional(LogLevel), ...inAddress },
  { description: 'Which lines.' },
);
export const SocketQuery = object(inAddress, { description: 'Who asks.' });

export const ComponentState = stringEnum(['healthy', 'unhealthy', 'disabled'], { description: 'How it is now.' });
export type ComponentState = Static<typeof ComponentState>;
/** What comes in is whatever the other side sends: no more is promised of it than that it is an object. */
export const Webhook = jsonObject({
  description: 'What has happened, in the words of who sends it.',
  examples: [
    { action: 'opened', pull_request: { number: 123, title: 'Fix bug' } },
    { type: 'slash_command', command: '/aetherium-status', user_id: 'U123456', channel_id: 'C123456' },
  ],
});
export const WebhookAnswer = jsonObject({
  description: 'What who has sent it expects: to a command, what came of it.',
  examples: [{ response_type: 'ephemeral', text: 'Aetherium is well.', mrkdwn: false }, { status: 'ok' }],
});
export const WebhookParams = object(
  {
    integration: Type.String({
      maxLength: 64,
      description: '`github`, `slack` or `discord`.',
      examples: ['github'],
    }),
  },
  { description: 'Who sends it.' },
);

const EXAMPLE_PARTS = { github: 'disabled', slack: 'disabled', discord: 'disabled', loki: 'disabled' };
export const Health = component(
  'Health',
  {
    status: stringEnum(['ok', 'unhealthy'], { description: '`ok`: no component is unhealthy.' }),
    components: object(
      {
        github: ComponentState,
        slack: ComponentState,
        discord: ComponentState,
        loki: ComponentState,
        event_bus: ComponentState,
        database: ComponentState,
      },
      { description: 'Measured now; `disabled`: it is not configured.' },
    ),
    timestamp: moment('Now.'),
  },
  {
    description: 'How the service is.',
    examples: [
      { status: 'ok', components: { ...EXAMPLE_PARTS, event_bus: 'healthy', database: 'healthy' }, timestamp: AT },
    ],
  },
);
export type Health = Static<typeof Health>;

export const VmParams = object({ id: textOfId('Of the VM.') }, { description: 'A VM.' });
export const TaskParams = object({ id: textOfId('Of the task.') }, { description: 'A task.' });

export const Fault = component(
  'Error',
  {
    error: Type.String({ description: 'What the status is called.' }),
    message: Type.String({ description: 'What is wrong.' }),
    code: Type.Integer({ description: 'The status.' }),
  },
  {
    description: 'What went wrong.',
    examples: [{ error: 'Bad Request', message: 'Invalid VM ID: not a valid UUID', code: 400 }],
  },
);

export const OpenApi = jsonObject({ description: 'An OpenAPI document.', examples: [{ openapi: '3.1.0' }] });
