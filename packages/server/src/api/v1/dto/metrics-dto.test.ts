import { expect, test } from 'vitest';
import { isLevel, mapFigures } from '../../../domain/metrics/stretch.ts';
import type { MetricPoint } from '../../../domain/metrics/view.ts';
import { figuresOf } from './metrics-dto.ts';

const UNTOLD = { ms: 0, amount: 0 };

/** All of ten seconds were measured, and each figure was told in a half of them. */
const POINT: MetricPoint = {
  ...{ atMs: 0, coveredMs: 10_000, cpuUsedMs: 7_500 },
  figures: mapFigures((name) => ({ ms: 5_000, amount: isLevel(name) ? 40 : 50 })),
};

test('what was told a part of the time is what it came to, and each second of that part', () => {
  const { cpu, disk, network } = figuresOf(POINT);

  expect(cpu).toMatchObject({ usage_percent: 75, user_percent: 1, steal_percent: 1 });
  expect(disk).toMatchObject({ read_bytes: 50, read_bytes_per_second: 10, write_ops: 50, write_ops_per_second: 10 });
  expect(network).toMatchObject({ rx_bytes: 50, rx_bytes_per_second: 10, tx_packets_per_second: 10 });
});

test('what is counted is told in whole ones, also where a step has a part of it', () => {
  const { disk, network } = figuresOf({ ...POINT, figures: mapFigures(() => ({ ms: 5_000, amount: 6.6 })) });

  expect(disk).toMatchObject({ read_bytes: 7, write_bytes: 7, read_ops: 7, write_ops: 7 });
  expect(network).toMatchObject({ rx_bytes: 7, tx_bytes: 7, rx_packets: 7, tx_packets: 7 });
});

test('what nobody told is null, each by itself', () => {
  const { cpu, disk, network } = figuresOf({
    ...POINT,
    figures: { ...POINT.figures, cpuIowaitMs: UNTOLD, diskReads: UNTOLD, diskTotalBytes: UNTOLD, packetsSent: UNTOLD },
  });

  expect(cpu).toMatchObject({ user_percent: 1, iowait_percent: null });
  expect(disk).toMatchObject({
    ...{ total_bytes: null, used_bytes: 40, read_bytes: 50, read_ops: null, read_ops_per_second: null, write_ops: 50 },
  });
  expect(network).toMatchObject({ rx_packets: 50, tx_packets: null, tx_packets_per_second: null });
});

test('a group of which nobody told anything is null', () => {
  const { cpu, ...others } = figuresOf({ ...POINT, figures: mapFigures(() => UNTOLD) });

  expect(cpu).toEqual({
    ...{ usage_percent: 75, user_percent: null, system_percent: null, iowait_percent: null, steal_percent: null },
  });
  expect(others).toEqual({ memory: null, disk: null, network: null, processes: null });
});

test('the memory of a VM whose guest does not tell is what its monitor holds, and not more than there is', () => {
  const outside = (held: number): MetricPoint => ({
    ...POINT,
    figures: {
      ...mapFigures(() => UNTOLD),
      ...{ memoryTotalBytes: { ms: 10_000, amount: 200 }, memoryHeldBytes: { ms: 10_000, amount: held } },
    },
  });

  const unknown = { free_bytes: null, cache_bytes: null };
  expect(figuresOf(outside(50)).memory).toEqual({ total_bytes: 200, used_bytes: 50, usage_percent: 25, ...unknown });
  expect(figuresOf(outside(260)).memory).toEqual({ total_bytes: 200, used_bytes: 200, usage_percent: 100, ...unknown });
  expect(figuresOf(POINT).memory).toMatchObject({ used_bytes: 40 });
});
