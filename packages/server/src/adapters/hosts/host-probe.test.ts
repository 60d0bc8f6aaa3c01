import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostProbe } from './host-probe.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'volary-test-host-'));
  for (const path of ['proc/self', 'proc/sys/kernel/random', 'sys/fs/cgroup/box'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(
    join(root, 'proc/meminfo'),
    'MemTotal:        8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB\n',
  );
  writeFileSync(join(root, 'proc/self/cgroup'), '0::/box\n');
  writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'a-boot\n');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('the host probe', () => {
  it('measures the machine it runs on', async () => {
    const facts = await createHostProbe({ dataDir: '/nowhere/yet' }).measure();

    expect(facts.memoryMib).toBeGreaterThan(facts.memoryAvailableMib);
    expect(facts.diskGib).toBeGreaterThan(facts.diskAvailableGib);
    expect(facts.cpuCount).toBeGreaterThanOrEqual(1);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes what the kernel says where the control group has no limit', async () => {
    writeFileSync(join(root, 'sys/fs/cgroup/box/memory.max'), 'max\n');

    expect(await createHostProbe({ dataDir: '/', root }).measure()).toMatchObject({
      memoryMib: 8_192,
      memoryAvailableMib: 4_096,
      bootId: 'a-boot',
    });
  });

  it('takes the limit of the control group where that is less', async () => {
    writeFileSync(join(root, 'sys/fs/cgroup/box/memory.max'), `${1024 ** 3}\n`);
    writeFileSync(join(root, 'sys/fs/cgroup/box/memory.current'), `${256 * 1024 ** 2}\n`);

    expect(await createHostProbe({ dataDir: '/', root }).measure()).toMatchObject({
      memoryMib: 1_024,
      memoryAvailableMib: 768,
    });
  });
});
