import { component, nullableNumber, object, stringEnum } from '@volary/contract';
import { type Static, Type } from 'typebox';
import { moment } from './schemas.ts';
import { EXAMPLE_VM_ID } from './vm-schemas.ts';

export const METRIC_GROUPS = ['cpu', 'memory', 'disk', 'network'] as const;
export type MetricGroup = (typeof METRIC_GROUPS)[number];

export const MetricsQuery = object(
  {
    interval: Type.Optional(
      stringEnum(['1m', '5m', '1h', '1d'], { description: 'How much time, up to now. Default: `5m`.' }),
    ),
    metrics: Type.Optional(
      Type.String({
        pattern: '^(cpu|memory|disk|network)(,(cpu|memory|disk|network))*$',
        description: 'Which of cpu, memory, disk and network, with commas between. Default: all.',
      }),
    ),
  },
  { description: 'What is wanted.' },
);

const figure = (description: string) =>
  nullableNumber({ minimum: 0, description: `${description} Null: not measured.` });

const EXAMPLE_FIGURES = {
  cpu: { usage_percent: 45.2, user_percent: 35.1, system_percent: 10.1, iowait_percent: 2.3 },
  memory: { total_gb: 16, used_gb: 11.65, free_gb: 4.35, cache_gb: 2.1 },
  disk: { read_iops: 145, write_iops: 89, read_mbps: 12.4, write_mbps: 8.7 },
  network: { rx_mbps: 25.6, tx_mbps: 18.3, rx_packets: 15_234, tx_packets: 12_890 },
};

export const Metrics = component(
  'VmMetrics',
  {
    vm_id: Type.String({ description: 'Of the VM.' }),
    timestamp: moment('The end of the interval.'),
    interval: stringEnum(['1m', '5m', '1h', '1d'], { description: 'How much time.' }),
    metrics: object(
      {
        cpu: Type.Optional(
          object(
            {
              usage_percent: figure('Used of all its processors.'),
              user_percent: figure('By programs.'),
              system_percent: figure('By its kernel.'),
              iowait_percent: figure('Waiting for disks.'),
            },
            { description: 'Processors.' },
          ),
        ),
        memory: Type.Optional(
          object(
            {
              total_gb: figure('What its guest has, GiB.'),
              used_gb: figure('Used, GiB.'),
              free_gb: figure('Free, GiB.'),
              cache_gb: figure('Files are kept in it, GiB.'),
            },
            { description: 'Memory.' },
          ),
        ),
        disk: Type.Optional(
          object(
            {
              read_iops: figure('Reads a second.'),
              write_iops: figure('Writes a second.'),
              read_mbps: figure('Read, megabytes a second.'),
              write_mbps: figure('Written, megabytes a second.'),
            },
            { description: 'Disks.' },
          ),
        ),
        network: Type.Optional(
          object(
            {
              rx_mbps: figure('Received, megabits a second.'),
              tx_mbps: figure('Sent, megabits a second.'),
              rx_packets: figure('Packets received in the interval.'),
              tx_packets: figure('Packets sent in the interval.'),
            },
            { description: 'Network.' },
          ),
        ),
      },
      { description: 'What was measured.' },
    ),
  },
  {
    description: 'What a VM used.',
    examples: [{ vm_id: EXAMPLE_VM_ID, timestamp: '2025-01-30T15:00:00Z', interval: '5m', metrics: EXAMPLE_FIGURES }],
  },
);
export type Metrics = Static<typeof Metrics>;

export const LogsQuery = object(
  {
    lines: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, default: 100, description: 'Number of lines to retrieve.' }),
    ),
    follow: Type.Optional(Type.Boolean({ default: false, description: 'Stream logs in real-time.' })),
    since: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'ISO timestamp to start from.',
        examples: ['2025-01-30T15:00:00Z'],
      }),
    ),
  },
  { description: 'Which lines.' },
);
export type LogsQuery = Static<typeof LogsQuery>;

const EXAMPLE_LINE = {
  timestamp: '2025-01-30T14:59:45Z',
  level: 'INFO',
  source: 'system',
  message: 'VM health check passed',
};

export const LogLine = component(
  'LogLine',
  {
    timestamp: moment('When it came.'),
    level: stringEnum(['DEBUG', 'INFO', 'WARNING', 'ERROR'], { description: 'How grave it is.' }),
    source: stringEnum(['system', 'application'], {
      description:
        '`application`: what the VM is there for, and commands in it. `system`: its console, and what happened to it.',
    }),
    message: Type.String({ description: 'Without its line end.' }),
  },
  { description: 'A line.', examples: [EXAMPLE_LINE] },
);
export type LogLine = Static<typeof LogLine>;

export const Logs = component(
  'VmLogs',
  { vm_id: Type.String({ description: 'Of the VM.' }), logs: Type.Array(LogLine, { description: 'Oldest first.' }) },
  {
    description: 'What a VM said, and what happened to it.',
    examples: [{ vm_id: EXAMPLE_VM_ID, logs: [EXAMPLE_LINE] }],
  },
);

const BATCH_OPERATIONS = ['start', 'stop', 'restart', 'suspend', 'resume'] as const;

export const Batch = component(
  'Batch',
  {
    operation: stringEnum(BATCH_OPERATIONS, { description: 'What is to be done to each.' }),
    vm_ids: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      ...{ minItems: 1, maxItems: 500, uniqueItems: true },
      description: 'To which.',
    }),
    options: Type.Optional(
      object(
        {
          graceful: Type.Optional(Type.Boolean({ default: true, description: 'Guests are asked to shut down.' })),
          timeout_seconds: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 600, default: 60, description: 'After which machines are ended.' }),
          ),
          parallel: Type.Optional(
            Type.Boolean({ default: true, description: 'False: one after the other, in order.' }),
          ),
        },
        { description: 'How.' },
      ),
    ),
  },
  {
    description: 'The same for many VMs.',
    examples: [{ operation: 'stop', vm_ids: [EXAMPLE_VM_ID], options: { graceful: true, parallel: true } }],
  },
);
export type Batch = Static<typeof Batch>;

export const BatchStarted = component(
  'BatchStarted',
  {
    batch_job_id: Type.String({ description: 'An operation of `/v1`, whose result says what comes of each.' }),
    operation: stringEnum(BATCH_OPERATIONS, { description: 'What is done to each.' }),
    total_vms: Type.Integer({ description: 'How many were named.' }),
    status: stringEnum(['processing', 'completed'], { description: 'Of the batch.' }),
    results: Type.Array(
      object(
        {
          vm_id: Type.String({ description: 'As it was named.' }),
          status: Type.String({ description: '`queued`, `failed`, or what the VM is doing.' }),
          error: Type.Optional(
            object(
              { code: Type.String({ description: 'As of errors.' }), message: Type.String({ description: 'Why.' }) },
              { description: 'Of one that has failed.' },
            ),
          ),
        },
        { description: 'What became of one.' },
      ),
    ),
  },
  {
    description: 'A batch that was accepted.',
    examples: [
      {
        batch_job_id: 'batch_job_01kahx6z4rf8r9y6m3s2t1v0wr',
        ...{ operation: 'stop', total_vms: 1, status: 'processing' },
        results: [{ vm_id: EXAMPLE_VM_ID, status: 'queued' }],
      },
    ],
  },
);
