import { readFileSync } from 'node:fs';
import type { VmMetrics } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* What a real guest does is what is told of it. */

const SLOW = { timeout: 300_000 };
let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'busy']);
});
afterAll(() => here.remove());

/** What a process has used of processors, milliseconds: proc_pid_stat(5), in ticks of 10 ms. */
function processorTimeMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

async function measured(): Promise<VmMetrics> {
  const { items } = JSON.parse(await here.must(['top', '--json']));
  return items[0].metrics;
}

describe('the metrics of a VM', () => {
  it('say within a tenth what it burns of its one vCPU for a minute', SLOW, async () => {
    const { pid } = JSON.parse(await here.must(['get', 'busy', '--json']));
    await here.must(['exec', '--detach', 'busy', '--', 'sh', '-c', 'timeout 80 sh -c "while :; do :; done"']);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const before = { atMs: performance.now(), cpuMs: processorTimeMs(pid) };
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    // All of a processor where the host has one to spare: a guest cannot burn what it does not get.
    const burnt = (100 * (processorTimeMs(pid) - before.cpuMs)) / (performance.now() - before.atMs);

    const { metrics, covered_seconds: covered, series } = await measured();

    expect(covered).toBeGreaterThan(50);
    expect(metrics.cpu?.usage_percent).toBeGreaterThan(0.9 * burnt);
    // Of a host with more to do than it can, a guest thinks that it had more than it got.
    expect(metrics.cpu?.usage_percent).toBeLessThan(105);
    expect(series.length).toBeGreaterThan(9);
    expect(metrics.memory?.total_bytes).toBeGreaterThan(200 * 1024 ** 2);
    expect(metrics.processes).toBeGreaterThan(2);
  });

  it('say what it has written to its disk', SLOW, async () => {
    await here.must(['exec', 'busy', '--', 'sh', '-c', 'dd if=/dev/zero of=/root/big bs=1M count=200 conv=fsync']);
    await expect
      .poll(async () => (await measured()).metrics.disk?.write_bytes_per_second ?? 0, {
        timeout: 30_000,
        interval: 1_000,
      })
      .toBeGreaterThan((150 * 1024 ** 2) / 60);
  });

  it('say how many operations and packets that was', SLOW, async () => {
    const { metrics } = await measured();

    const { write_ops: writes, write_bytes: bytes } = metrics.disk ?? {};
    // A request of a guest's kernel has between a block and a few megabytes.
    expect(writes).toBeGreaterThan((bytes ?? 0) / (8 * 1024 ** 2));
    expect(writes).toBeLessThanOrEqual((bytes ?? 0) / 512);
    expect(metrics.network?.rx_packets).toBeGreaterThanOrEqual(0);
  });

  it('survive the server, with a gap', SLOW, async () => {
    const before = await measured();
    await here.must(['down']);
    await here.must(['up', '--detach', '--no-vm']);

    const after = await measured();

    const kept = before.series.filter(({ timestamp }) => after.series.some((each) => each.timestamp === timestamp));
    expect(kept.length).toBeGreaterThan(0);
  });

  it('are a table for people', SLOW, async () => {
    const [head = '', row = ''] = (await here.must(['top'])).split('\n');
    expect(head).toMatch(/^NAME +PHASE +CPU% +MEMORY +DISK R\/s +DISK W\/s +NET RX\/s +NET TX\/s +PROCS +HEALTH$/);
    expect(row).toMatch(/^busy +running +\d+\.\d +[\d.]+M\/[\d.]+M /);
  });
});
