import { expect, test } from 'vitest';
import { createPrometheusMeter } from '../../adapters/meters/prometheus-meter.ts';
import type { HostReading } from '../../ports/host-meter.ts';
import { createHostFigures } from './host-figures.ts';

test('time of processors that the kernel takes back does not make its counter fall', async () => {
  const meter = createPrometheusMeter({ turns: { share: async () => undefined } });
  const cpuMs = { user: 1_000, nice: 0, system: 0, idle: 9_000, iowait: 5_000, irq: 0, softirq: 0, steal: 0 };
  let host: HostReading = { cpuMs, memory: null, dataDisk: null, dataDevice: null, networks: [] };
  const look = createHostFigures(meter, { readHost: async () => host });
  await look();

  host = { ...host, cpuMs: { ...cpuMs, user: 2_000, idle: 8_000, iowait: 4_000 } };
  await look();

  const told = (await meter.read()).split('\n').filter((line) => line.startsWith('volary_host_cpu_seconds_total{'));
  expect(told).toContain('volary_host_cpu_seconds_total{mode="user"} 2');
  expect(told).toContain('volary_host_cpu_seconds_total{mode="idle"} 9');
  expect(told).toContain('volary_host_cpu_seconds_total{mode="iowait"} 5');
});
