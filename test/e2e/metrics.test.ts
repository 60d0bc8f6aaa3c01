import { readFileSync } from 'node:fs';
import type { VmMetrics } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../packages/server/src/lib/testing/until.ts';
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

/** What the guest itself has counted, seconds: proc_stat(5), in ticks of 10 ms, and its uptime. */
async function countedInGuest(): Promise<{ readonly busy: number; readonly uptime: number }> {
  const script = 'read -r stat < /proc/stat; read -r uptime < /proc/uptime; echo "$stat $uptime"';
  const [, user, nice, system, , , irq, softirq, , , , uptime] = (
    await here.must(['exec', 'busy', '--', 'sh', '-c', script])
  ).split(/\s+/);
  const ticks = [user, nice, system, irq, softirq].reduce((sum, each) => sum + Number(each), 0);
  return { busy: ticks / 100, uptime: Number(uptime) };
}

async function measured(interval = '1m'): Promise<VmMetrics> {
  const { items } = JSON.parse(await here.must(['top', '--json', '--interval', interval]));
  return items[0].metrics;
}

describe('the metrics of a VM', () => {
  it('say within a tenth what it burns of its one vCPU for a minute', SLOW, async () => {
    const { pid } = JSON.parse(await here.must(['get', 'busy', '--json']));
    await here.must(['exec', '--detach', 'busy', '--', 'sh', '-c', 'timeout 120 sh -c "while :; do :; done"']);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const guestBefore = await countedInGuest();
    const before = { atMs: performance.now(), cpuMs: processorTimeMs(pid) };
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    // All of a processor where the host has one to spare: a guest cannot burn what it does not get.
    const burnt = (100 * (processorTimeMs(pid) - before.cpuMs)) / (performance.now() - before.atMs);

    const { metrics, covered_seconds: covered, series } = await measured();
    const guestAfter = await countedInGuest();
    const counted = (100 * (guestAfter.busy - guestBefore.busy)) / (guestAfter.uptime - guestBefore.uptime);

    // The last reading is up to seven seconds ago, and a guest that answers too late leaves a gap of one interval.
    expect(covered).toBeGreaterThan(40);
    expect(metrics.cpu?.usage_percent).toBeGreaterThan(0.9 * burnt);
    // On a host with too much to do a guest counts more than it got, so that its own count is the bound above.
    expect(metrics.cpu?.usage_percent).toBeGreaterThan(0.9 * counted);
    expect(metrics.cpu?.usage_percent).toBeLessThan(1.1 * counted);
    expect(await here.must(['metrics', 'busy', '--interval', '1h'])).toMatch(/^SINCE .*\n2.*\nthe last 1h /s);
    expect(await here.volary(['metrics', '--interval', '1h'])).toMatchObject({ code: 2 });
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

  it('survive the server, with a gap while there is none', SLOW, async () => {
    const before = await measured('5m');
    await here.must(['down']);
    await here.must(['up', '--detach', '--no-vm']);
    const upAt = Date.now();

    // Until the new server has measured a whole step.
    const wholeStep = ({ series }: VmMetrics) =>
      series.find(({ timestamp, covered_seconds: covered }) => Date.parse(timestamp) > upAt && covered > 4.9);
    await expect.poll(async () => wholeStep(await measured('5m')), { timeout: 120_000, interval: 1_000 }).toBeDefined();
    const after = await measured('5m');

    const kept = before.series.filter(({ timestamp }) => after.series.some((each) => each.timestamp === timestamp));
    expect(kept.length).toBeGreaterThan(0);
    const lastBefore = before.series.at(-1)?.timestamp ?? '';
    const firstAfter = wholeStep(after)?.timestamp ?? '';
    const between = after.series.filter(({ timestamp }) => timestamp >= lastBefore && timestamp < firstAfter);
    const covered = between.reduce((sum, each) => sum + each.covered_seconds, 0);
    // A server begins to measure a second after its start.
    expect(covered).toBeLessThan((Date.parse(firstAfter) - Date.parse(lastBefore)) / 1_000 - 1);
  });

  it('are a table for people', SLOW, async () => {
    const [head = '', row = ''] = (await here.must(['top'])).split('\n');
    expect(head).toMatch(/^NAME +PHASE +CPU% +MEMORY +DISK R\/s +DISK W\/s +NET RX\/s +NET TX\/s +PROCS +HEALTH$/);
    expect(row).toMatch(/^busy +running +\d+\.\d +[\d.]+M\/[\d.]+M /);
  });

  it('are what its host knows of it while its guest sleeps, and does not answer', SLOW, async () => {
    const script = 'sleep 1; echo freeze > /sys/power/state';
    await here.must(['exec', '--detach', 'busy', '--', 'sh', '-c', script]);

    const outside = await until(
      async () => {
        const { series } = await measured();
        return series.find(({ metrics }) => metrics.memory !== null && metrics.memory.free_bytes === null);
      },
      'figures that its host has told',
      { timeoutMs: 120_000, everyMs: 1_000 },
    );

    const { cpu, memory, disk, network, processes } = outside.metrics;
    expect(cpu).toMatchObject({ usage_percent: expect.any(Number), user_percent: null, iowait_percent: null });
    expect(memory?.used_bytes).toBeGreaterThan(32 * 1024 ** 2);
    expect(disk).toMatchObject({ total_bytes: null, read_ops: expect.any(Number), write_bytes: expect.any(Number) });
    expect([network, processes]).toEqual([null, null]);
    expect(await here.must(['metrics'])).toMatch(/^volary_vm_monitor_disk_writes_completed_total\{.*\} [1-9]/m);
  });
});
