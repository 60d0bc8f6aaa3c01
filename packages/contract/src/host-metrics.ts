import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, HostId } from './ids.ts';
import { component, nullable, timestamp } from './schema.ts';
import {
  CpuMetrics,
  covered,
  DiskMetrics,
  EXAMPLE_FIGURES,
  MemoryMetrics,
  MetricInterval,
  NetworkMetrics,
} from './vm-metrics.ts';

const { processes: _, ...EXAMPLE } = EXAMPLE_FIGURES;

export const HostMetricFigures = component(
  'HostMetricFigures',
  {
    cpu: nullable(CpuMetrics),
    memory: nullable(MemoryMetrics),
    disk: nullable(DiskMetrics),
    network: nullable(NetworkMetrics),
  },
  { description: 'What was measured of a host. Null: it was not.', examples: [EXAMPLE] },
);
export type HostMetricFigures = Static<typeof HostMetricFigures>;

const HostMetricPoint = component(
  'HostMetricPoint',
  { timestamp: timestamp('When the step began.'), covered_seconds: covered('the step'), metrics: HostMetricFigures },
  {
    description: 'One step.',
    examples: [{ timestamp: '2026-01-31T11:59:55.000Z', covered_seconds: 5, metrics: EXAMPLE }],
  },
);

export const HostMetrics = component(
  'HostMetrics',
  {
    host_id: HostId,
    timestamp: timestamp('When it was asked for: the end of the interval.'),
    interval: MetricInterval,
    step_seconds: Type.Integer({ minimum: 1, description: 'From one point of the series to the next.' }),
    covered_seconds: covered('the interval'),
    metrics: HostMetricFigures,
    series: Type.Array(HostMetricPoint, {
      description: 'Oldest first; steps in which nothing was measured are left out.',
    }),
  },
  {
    description: 'What a host did in the last minute, hour …: all of it, and step by step.',
    examples: [
      {
        host_id: EXAMPLE_IDS.host,
        timestamp: '2026-01-31T12:00:00.000Z',
        interval: '1m',
        step_seconds: 5,
        covered_seconds: 60,
        metrics: EXAMPLE,
        series: [{ timestamp: '2026-01-31T11:59:55.000Z', covered_seconds: 5, metrics: EXAMPLE }],
      },
    ],
  },
);
export type HostMetrics = Static<typeof HostMetrics>;
