import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* A VM that is changed by hand, as its guest and its history tell it. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'bird', '--vcpus', '2', '--memory', '192', '--disk', '2']);
});
afterAll(() => here.remove());

async function run(script: string): Promise<string> {
  return await here.must(['exec', 'bird', '--', 'sh', '-c', script]);
}

const bootId = () => run('cat /proc/sys/kernel/random/boot_id');
const memoryMib = async () => Number(await run("free -m | awk '/^Mem/ {print $2}'"));
const config = async (...args: readonly string[]) => JSON.parse(await here.must(['config', ...args, '--json']));

describe('a VM', () => {
  it('is given more while it runs, in the same boot', async () => {
    const [boot, before] = [await bootId(), await memoryMib()];

    await here.must(['update', 'bird', '--vcpus', '4', '--memory', '448', '--disk', '3']);

    expect(await run('nproc')).toBe('4');
    expect((await memoryMib()) - before).toBeGreaterThan(240);
    await expect.poll(() => run("df -BG / | awk 'NR==2 {print $2+0}'"), { timeout: 30_000 }).toBe('3');
    expect(await bootId()).toBe(boot);
    expect(await config('bird')).toMatchObject({ revision: 2, restart_required: false, pending_changes: {} });
  });

  it('says what takes a restart, and has it then', async () => {
    const { stderr } = await here.volary(['update', 'bird', '--vcpus', '3']);
    expect(stderr).toContain('vcpus: 4 -> 3: volary restart bird');
    expect(await run('nproc')).toBe('4');

    await here.must(['restart', 'bird']);

    expect(await run('nproc')).toBe('3');
    expect(await config('bird')).toMatchObject({ restart_required: false });
  });

  it('has a history that outlives the server, and goes back', async () => {
    process.kill(Number(readFileSync(join(here.dataDir, 'server.pid'), 'utf8')), 'SIGKILL');
    await here.must(['up', '--detach', '--no-vm']);
    const { items } = await config('history', 'bird');
    expect(items).toMatchObject([
      { number: 3, author: 'admin', changes: { vcpus: { old: 4, new: 3 } } },
      { number: 2, changes: { vcpus: { old: 2, new: 4 }, memory_mib: { old: 192, new: 448 } } },
      { number: 1, changes: { created: true } },
    ]);

    await here.must(['config', 'rollback', 'bird', '2']);

    expect(await run('nproc')).toBe('4');
    expect(await config('show', 'bird', '4')).toMatchObject({ rolled_back_to: 2, config: { vcpus: 4 } });
  });
});
