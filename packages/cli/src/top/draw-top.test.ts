import type { VmMetricFigures, VmMetrics } from '@volary/contract';
import { expect, test } from 'vitest';
import { curveOf, drawTop, inUnits } from './draw-top.ts';

const NOTHING: VmMetricFigures = { cpu: null, memory: null, disk: null, network: null, processes: null };
const cpuAt = (percent: number): VmMetricFigures => ({
  ...NOTHING,
  cpu: { usage_percent: percent, user_percent: null, system_percent: null, iowait_percent: null, steal_percent: null },
});

function metrics(percent: number, steps: readonly (readonly [second: number, percent: number])[] = []): VmMetrics {
  return {
    ...{ vm_id: 'vm_01k8x0y6pbfqz9v3n4h5j6k7m8', timestamp: '2026-01-31T12:00:00.000Z', interval: '1m' },
    ...{ step_seconds: 5, covered_seconds: 60, metrics: cpuAt(percent) },
    series: steps.map(([second, at]) => ({
      ...{ timestamp: `2026-01-31T11:59:${String(second).padStart(2, '0')}.000Z`, covered_seconds: 5 },
      metrics: cpuAt(at),
    })),
  };
}

test('the busiest are first, and what was not measured is no figure', () => {
  const vm = { phase: 'running', vcpus: 1, health: 'healthy' } as const;
  const drawn = drawTop(
    [
      { vm: { ...vm, name: 'idle' }, metrics: metrics(0.4) },
      { vm: { ...vm, name: 'off', phase: 'stopped', health: 'unknown' }, metrics: null },
      { vm: { ...vm, name: 'busy' }, metrics: metrics(99.96) },
    ],
    { hasCurves: false },
  );

  const words = drawn.split('\n').map((line) => line.split(/\s{2,}/));
  expect(words.map(([name]) => name)).toEqual(['NAME', 'busy', 'idle', 'off', '']);
  expect(words[1]).toEqual(['busy', 'running', '100.0', '-', '-', '-', '-', '-', '-', 'healthy']);
  expect(words[3]?.[2]).toBe('-');
});

test('what a container reads is no figure where its engine does not tell', () => {
  const disk = {
    ...{ total_bytes: 1, used_bytes: 1, read_bytes: null, write_bytes: null, read_ops: null, write_ops: null },
    ...{
      read_bytes_per_second: null,
      write_bytes_per_second: 0,
      read_ops_per_second: null,
      write_ops_per_second: null,
    },
  };
  const vm = { name: 'box', phase: 'running', vcpus: 1, health: 'healthy' } as const;
  const [, row] = drawTop([{ vm, metrics: { ...metrics(1), metrics: { ...NOTHING, disk } } }], { hasCurves: false })
    .split('\n')
    .map((line) => line.split(/\s{2,}/));

  expect(row?.slice(4, 6)).toEqual(['-', '0B']);
});

test('the memory of a VM without an agent is what its monitor holds, and each figure that nobody told is none', () => {
  const memory = { total_bytes: 200 * 1_024 ** 2, free_bytes: null, cache_bytes: null };
  const vm = { name: 'box', phase: 'running', vcpus: 1, health: 'unknown' } as const;
  const used = (bytes: number | null) => {
    const figures = { ...NOTHING, memory: { ...memory, used_bytes: bytes, usage_percent: null } };
    return drawTop([{ vm, metrics: { ...metrics(1), metrics: figures } }], { hasCurves: false })
      .split('\n')[1]
      ?.split(/\s{2,}/)[3];
  };

  expect([used(50 * 1_024 ** 2), used(null)]).toEqual(['50M/200M', '-']);
});

test('a curve shows each step, and gaps as gaps', () => {
  const steps = [
    [0, 0],
    [5, 50],
    [10, 100],
    [25, 250],
  ] as const;

  expect(curveOf(metrics(0, steps))).toBe('▁▅█  █');
  expect(curveOf(null)).toBe('');
});

test.each([
  [0, '0B'],
  [512, '512B'],
  [1_536, '1.5K'],
  [1_020, '1.0K'],
  [125_829_120, '120M'],
  [5e15, '4547T'],
])('%d bytes are %s', (bytes, text) => {
  expect(inUnits(bytes)).toBe(text);
});
