import { type Static, Type } from 'typebox';
import { VmId } from './ids.ts';
import { component, enumComponent, nullable, pageOf, timestamp } from './schema.ts';

export const METRIC_INTERVALS = ['1m', '5m', '1h', '1d'] as const;
export const MetricInterval = enumComponent(
  'MetricInterval',
  METRIC_INTERVALS,
  'How much time, up to now: steps of 5 s, 5 s, 1 min and 15 min.',
);
export type MetricInterval = Static<typeof MetricInterval>;

const percent = (description: string) => Type.Number({ minimum: 0, description });
const bytes = (description: string) => Type.Integer({ minimum: 0, description: `${description}, bytes.` });
const rate = (description: string, unit = 'bytes') =>
  Type.Number({ minimum: 0, description: `${description}, ${unit} each second.` });
const amount = (description: string) => Type.Integer({ minimum: 0, description: `${description} in that time.` });

export const EXAMPLE_FIGURES = {
  cpu: { usage_percent: 45.2, user_percent: 35.1, system_percent: 10.1, iowait_percent: 2.3, steal_percent: 0 },
  memory: {
    ...{ total_bytes: 524_288_000, used_bytes: 131_072_000, free_bytes: 262_144_000 },
    ...{ cache_bytes: 131_072_000, usage_percent: 25 },
  },
  disk: {
    ...{ total_bytes: 8_000_000_000, used_bytes: 400_000_000 },
    ...{ read_bytes: 72_030, write_bytes: 2_457_600, read_bytes_per_second: 1_200.5, write_bytes_per_second: 40_960 },
    ...{ read_ops: 18, write_ops: 600, read_ops_per_second: 0.3, write_ops_per_second: 10 },
  },
  network: {
    ...{ rx_bytes: 122_880, tx_bytes: 30_732, rx_bytes_per_second: 2_048, tx_bytes_per_second: 512.2 },
    ...{ rx_packets: 240, tx_packets: 120, rx_packets_per_second: 4, tx_packets_per_second: 2 },
  },
  processes: 42,
};

export const CpuMetrics = component(
  'CpuMetrics',
  {
    usage_percent: percent(
      'Of all its vCPUs, or of the processors of a host, what was used: 100 is all of them, all the time.',
    ),
    user_percent: nullable(percent('What programs used.')),
    system_percent: nullable(percent('What its kernel used.')),
    iowait_percent: nullable(percent('Idle, while something waited for a disk.')),
    steal_percent: nullable(percent('Taken from it by what it runs on.')),
  },
  {
    description: 'Processors of a VM or a host. Null: nobody tells it, as of a VM whose agent does not answer.',
    examples: [EXAMPLE_FIGURES.cpu],
  },
);

export const MemoryMetrics = component(
  'MemoryMetrics',
  {
    total_bytes: nullable(bytes('What there is')),
    used_bytes: nullable(
      bytes(
        "What programs could not have; of a VM whose agent does not tell, what its monitor holds of the host's memory",
      ),
    ),
    free_bytes: nullable(bytes('What nothing is in')),
    cache_bytes: nullable(bytes('What files are kept in')),
    usage_percent: nullable(percent('Used, of all.')),
  },
  {
    description: 'Memory of a VM or a host, on average. Null: nobody tells it.',
    examples: [EXAMPLE_FIGURES.memory],
  },
);

export const DiskMetrics = component(
  'DiskMetrics',
  {
    total_bytes: nullable(bytes("Size of the root's file system; of a host, of that with the data directory")),
    used_bytes: nullable(bytes('Used of it')),
    read_bytes: nullable(amount('Bytes read from all disks')),
    write_bytes: nullable(amount('Bytes written to all disks')),
    read_bytes_per_second: nullable(rate('Read from all disks')),
    write_bytes_per_second: nullable(rate('Written to all disks')),
    read_ops: nullable(amount('Operations of reading that were completed')),
    write_ops: nullable(amount('Operations of writing that were completed')),
    read_ops_per_second: nullable(rate('Reading', 'operations')),
    write_ops_per_second: nullable(rate('Writing', 'operations')),
  },
  {
    description:
      'Disks of a VM; of a host, the one with its data directory. Null: nobody counts it, as operations in a guest whose agent is older, what a container reads where its engine does not tell, or how full the root of a VM is whose agent does not.',
    examples: [EXAMPLE_FIGURES.disk],
  },
);

export const NetworkMetrics = component(
  'NetworkMetrics',
  {
    rx_bytes: nullable(amount('Bytes received')),
    tx_bytes: nullable(amount('Bytes sent')),
    rx_bytes_per_second: nullable(rate('Received')),
    tx_bytes_per_second: nullable(rate('Sent')),
    rx_packets: nullable(amount('Packets received')),
    tx_packets: nullable(amount('Packets sent')),
    rx_packets_per_second: nullable(rate('Received', 'packets')),
    tx_packets_per_second: nullable(rate('Sent', 'packets')),
  },
  {
    description: 'Network of a VM, or of the devices that join a host to others. Null: nobody counts it.',
    examples: [EXAMPLE_FIGURES.network],
  },
);

const FIGURES = {
  cpu: nullable(CpuMetrics),
  memory: nullable(MemoryMetrics),
  disk: nullable(DiskMetrics),
  network: nullable(NetworkMetrics),
  processes: nullable(Type.Number({ minimum: 0, description: 'Processes in the guest, on average.' })),
};
export const covered = (what: string) =>
  Type.Number({ minimum: 0, description: `Of ${what}, how much was measured, seconds; the rest is a gap.` });

export const VmMetricFigures = component('VmMetricFigures', FIGURES, {
  description: 'What was measured. Null: it was not.',
  examples: [EXAMPLE_FIGURES],
});
export type VmMetricFigures = Static<typeof VmMetricFigures>;

const VmMetricPoint = component(
  'VmMetricPoint',
  { timestamp: timestamp('When the step began.'), covered_seconds: covered('the step'), metrics: VmMetricFigures },
  {
    description: 'One step.',
    examples: [{ timestamp: '2026-01-31T11:59:55.000Z', covered_seconds: 5, metrics: EXAMPLE_FIGURES }],
  },
);

const EXAMPLE_METRICS = {
  vm_id: 'vm_01k8x0y6pbfqz9v3n4h5j6k7m8',
  timestamp: '2026-01-31T12:00:00.000Z',
  interval: '1m',
  step_seconds: 5,
  covered_seconds: 60,
  metrics: EXAMPLE_FIGURES,
  series: [{ timestamp: '2026-01-31T11:59:55.000Z', covered_seconds: 5, metrics: EXAMPLE_FIGURES }],
};

export const VmMetrics = component(
  'VmMetrics',
  {
    vm_id: VmId,
    timestamp: timestamp('When it was asked for: the end of the interval.'),
    interval: MetricInterval,
    step_seconds: Type.Integer({ minimum: 1, description: 'From one point of the series to the next.' }),
    covered_seconds: covered('the interval'),
    metrics: VmMetricFigures,
    series: Type.Array(VmMetricPoint, {
      description: 'Oldest first; steps in which nothing was measured are left out.',
    }),
  },
  {
    description: 'What a VM did in the last minute, hour …: all of it, and step by step.',
    examples: [EXAMPLE_METRICS],
  },
);
export type VmMetrics = Static<typeof VmMetrics>;

export const VmMetricsPage = pageOf('VmMetricsPage', VmMetrics, EXAMPLE_METRICS);
export type VmMetricsPage = Static<typeof VmMetricsPage>;
