import { expect, test } from 'vitest';
import { mapCounts, mapLevels, mapSums } from '../../../domain/metrics/stretch.ts';
import type { MetricPoint } from '../../../domain/metrics/view.ts';
import { figuresOf } from './metrics-dto.ts';

const POINT: MetricPoint = {
  ...{ atMs: 0, coveredMs: 10_000, guestMs: 10_000, cpuUsedMs: 10_000 },
  ...{ sums: mapSums(() => 5_000), counts: mapCounts(() => 50), levels: mapLevels(() => 40) },
  countedMs: { diskBytes: 5_000, diskOperations: 5_000, packets: 5_000 },
};

test('what was counted a part of the time is told as what it came to, and each second of that part', () => {
  const { disk, network } = figuresOf(POINT);

  expect(disk).toMatchObject({ read_bytes: 50, read_bytes_per_second: 10, write_ops: 50, write_ops_per_second: 10 });
  expect(network).toMatchObject({ rx_bytes: 5_000, rx_bytes_per_second: 500, tx_packets_per_second: 10 });
});

test('what is counted is told in whole ones, also where a step has a part of it', () => {
  const { disk, network } = figuresOf({ ...POINT, sums: mapSums(() => 10.4), counts: mapCounts(() => 6.6) });

  expect(disk).toMatchObject({ read_bytes: 7, write_bytes: 7, read_ops: 7, write_ops: 7 });
  expect(network).toMatchObject({ rx_bytes: 10, tx_bytes: 10, rx_packets: 7, tx_packets: 7 });
});

test('what nobody counted is null, and not nothing', () => {
  const nobody = { ...POINT, counts: mapCounts(() => 0), countedMs: { diskBytes: 0, diskOperations: 0, packets: 0 } };

  const { disk, network } = figuresOf(nobody);

  expect(disk).toEqual({
    ...{ total_bytes: 40, used_bytes: 40 },
    ...{ read_bytes: null, write_bytes: null, read_bytes_per_second: null, write_bytes_per_second: null },
    ...{ read_ops: null, write_ops: null, read_ops_per_second: null, write_ops_per_second: null },
  });
  expect(network).toMatchObject({ rx_bytes: 5_000, rx_packets: null, tx_packets_per_second: null });
});
