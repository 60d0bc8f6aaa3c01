import type { HostMetricFigures, HostMetrics } from '@volary/contract';
import { expect, test } from 'vitest';
import { drawMetrics } from './draw-metrics.ts';

const NOTHING: HostMetricFigures = { cpu: null, memory: null, disk: null, network: null };
const FIGURES: HostMetricFigures = {
  cpu: { usage_percent: 12.34, user_percent: 10, system_percent: 2.34, iowait_percent: 0.5, steal_percent: 0 },
  memory: { total_bytes: 2_048, used_bytes: 1_024, free_bytes: 512, cache_bytes: 512, usage_percent: 50 },
  disk: {
    ...{ total_bytes: 4_096, used_bytes: 1_024, read_bytes: null, write_bytes: null, read_ops: null, write_ops: null },
    ...{ read_bytes_per_second: null, write_bytes_per_second: null },
    ...{ read_ops_per_second: null, write_ops_per_second: null },
  },
  network: {
    ...{ rx_bytes: 5_120, tx_bytes: 0, rx_bytes_per_second: 1_024, tx_bytes_per_second: 0 },
    ...{ rx_packets: 5, tx_packets: 0, rx_packets_per_second: 1, tx_packets_per_second: 0 },
  },
};

function report(seconds: readonly number[], metrics = FIGURES): HostMetrics {
  return {
    ...{ host_id: 'host_01k8x0y6pbfqz9v3n4h5j6k7m8', timestamp: '2026-01-31T12:00:00.000Z', interval: '1m' },
    ...{ step_seconds: 5, covered_seconds: 60, metrics },
    series: seconds.map((second) => ({
      ...{ timestamp: `2026-01-31T11:59:${String(second).padStart(2, '0')}.000Z`, covered_seconds: 5 },
      metrics: FIGURES,
    })),
  };
}

const cells = (drawn: string) => drawn.split('\n').map((line) => line.split(/\s{2,}/));

test('each step has a line, and all of them together', () => {
  const [, first, , last] = cells(drawMetrics(report([5, 10])));

  expect(first).toEqual(['2026-01-31T11:59:05Z', '12.3', '0.5', '1.0K/2.0K', '1.0K/4.0K', '-', '-', '1.0K', '0B']);
  expect(last?.[0]).toBe('the last 1m');
});

test('a gap is said, and what was not measured is no figure', () => {
  expect(cells(drawMetrics(report([5, 25]))).map(([name]) => name)).toEqual([
    ...['SINCE', '2026-01-31T11:59:05Z', '(3 steps without)', '2026-01-31T11:59:25Z', 'the last 1m', ''],
  ]);
  const [, whole] = cells(drawMetrics(report([], NOTHING)));
  expect(new Set(whole?.slice(1))).toEqual(new Set(['-']));
});
