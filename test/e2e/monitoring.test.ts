import type { AlertPage } from '@volary/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* What a real guest does is what Prometheus scrapes, and what alerts go by. */

const SLOW = { timeout: 300_000 };
const POLL = { timeout: 120_000, interval: 1_000 };
let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'bird', '--disk', '1']);
});
afterAll(() => here.remove());

/** The value of this measure of the VM; 0 while there is none. */
async function measure(name: string, labels = ''): Promise<number> {
  const text = await here.must(['metrics']);
  return Number(new RegExp(`^${name}\\{vm="vm_[^"]+",name="bird"${labels}\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

async function alerts(...args: readonly string[]): Promise<AlertPage> {
  return JSON.parse(await here.must(['alert', 'ls', '--json', ...args]));
}

describe('what Prometheus scrapes', () => {
  it('is what a guest counts: its memory, its disk, its uptime', SLOW, async () => {
    const before = await measure('volary_vm_disk_written_bytes_total');
    await here.must(['exec', 'bird', '--', 'dd', 'if=/dev/zero', 'of=/root/big', 'bs=1M', 'count=64', 'conv=fsync']);

    await expect.poll(() => measure('volary_vm_disk_written_bytes_total'), POLL).toBeGreaterThan(before + 60 * 2 ** 20);
    expect(await measure('volary_vm_memory_size_bytes')).toBeGreaterThan(200 * 2 ** 20);
    expect(await measure('volary_vm_uptime_seconds')).toBeGreaterThan(1);
    expect(await measure('volary_vm_cpu_seconds_total', ',mode="system"')).toBeGreaterThan(0);
    expect(await measure('volary_vm_healthy')).toBe(1);
  });
});

describe('an alert', () => {
  it(
    'fires when a guest fills its disk, through a restart of the server, and is resolved when there is room',
    SLOW,
    async () => {
      const size = await measure('volary_vm_disk_size_bytes');
      const used = Math.ceil((100 * (await measure('volary_vm_disk_used_bytes'))) / size);
      const settings = `disk_percent: ${used + 10}, margin_percent: 5, for_seconds: 5, cpu_percent: off, memory_percent: off`;
      const env = { VOLARY_ALERTS: settings };
      const restart = async (): Promise<void> => {
        await here.must(['down']);
        await here.must(['up', '--detach', '--no-vm'], { env });
      };
      await restart();
      const count = String(Math.ceil((0.15 * size) / 2 ** 20));
      await here.must(['exec', 'bird', '--', 'dd', 'if=/dev/zero', 'of=/root/more', 'bs=1M', `count=${count}`]);
      await expect.poll(async () => (await alerts('--kind', 'disk')).firing, POLL).toBe(1);
      const [fired] = (await alerts('--kind', 'disk')).items;
      await restart();
      const [after] = (await alerts('--kind', 'disk')).items;
      await here.must(['exec', 'bird', '--', 'rm', '/root/more']);

      await expect.poll(async () => (await alerts('--kind', 'disk')).firing, POLL).toBe(0);

      expect(fired).toMatchObject({ kind: 'disk', vm_name: 'bird', state: 'firing', threshold_percent: used + 10 });
      expect(after).toEqual(fired);
      expect((await alerts('--all', '--kind', 'disk')).items).toMatchObject([{ id: fired?.id, state: 'resolved' }]);
      expect(await here.must(['alert', 'ls', '--all', '--kind', 'disk'])).toMatch(
        /^VM +KIND +STATE +FIRED +WHY\nbird +disk +resolved /,
      );
    },
  );
});
