import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Real guests that are put to disk and go on from there. */

/** Counts in the memory of a shell; what it writes to tmpfs is only how we look at it. */
const COUNTER = 'i=0; while :; do i=$((i+1)); echo $i > /dev/shm/n.new; mv /dev/shm/n.new /dev/shm/n; sleep 0.05; done';
const WHO = 'hostname; cat /etc/machine-id; cat /sys/class/net/e*/address; cat /proc/sys/kernel/random/boot_id';

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'bird', '--memory', '192', '--disk', '2']);
  await here.must(['exec', 'bird', '--detach', '--', 'sh', '-c', COUNTER]);
  await untilCounting(1);
});
afterAll(() => here.remove());

async function run(script: string): Promise<string> {
  return await here.must(['exec', 'bird', '--', 'sh', '-c', script]);
}

async function count(): Promise<number> {
  return Number(await run('cat /dev/shm/n'));
}

/** Waits in the guest, by its own clock, until it has counted so far. */
async function untilCounting(wanted: number): Promise<void> {
  await run(`until [ "$(cat /dev/shm/n 2>/dev/null || echo 0)" -ge ${wanted} ]; do sleep 0.05; done`);
}

async function getVm(): Promise<Record<string, unknown>> {
  return JSON.parse(await here.must(['get', 'bird', '--json']));
}

function isAlive(pid: unknown): boolean {
  return existsSync(`/proc/${pid}/status`);
}

/** Kills the server, as a loss of power does, and starts another one. */
async function killAndStart(): Promise<void> {
  process.kill(Number(readFileSync(join(here.dataDir, 'server.pid'), 'utf8')), 'SIGKILL');
  await here.must(['up', '--detach', '--no-vm']);
}

describe('a suspended VM', () => {
  it('gives its memory back, and goes on counting where it was, after a kill of the server', async () => {
    const [who, before, { pid, incarnation }] = [await run(WHO), await count(), await getVm()];
    expect(isAlive(pid)).toBe(true);

    expect(await here.must(['suspend', 'bird'])).toBe('bird');
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await getVm()).toMatchObject({ phase: 'suspended', pid: null, suspension: { reason: 'requested' } });
    await killAndStart();
    expect(await getVm()).toMatchObject({ phase: 'suspended' });

    // Nobody resumes it: that somebody wants to run a command in it is enough.
    const after = await count();
    expect(after).toBeGreaterThanOrEqual(before);
    // A second is twenty: it did not go on meanwhile.
    expect(after).toBeLessThan(before + 200);
    await untilCounting(after + 3);
    expect(await run(WHO)).toBe(who);
    expect(await getVm()).toMatchObject({ phase: 'running', incarnation, suspension: null });
    expect(readdirSync(join(here.dataDir, 'suspended'))).toEqual([]);
  });

  it('has the time, and what was on its disk', async () => {
    await run('echo kept > /root/file; sync');
    await here.must(['suspend', 'bird']);
    await here.must(['resume', 'bird']);

    const asked = Date.now();
    const [told = '', file] = (await run('date +%s%3N; cat /root/file')).split('\n');
    expect(Number(told)).toBeGreaterThan(asked - 1_000);
    expect(Number(told)).toBeLessThan(Date.now() + 1_000);
    expect(file).toBe('kept');
  });

  it('keeps a command with its output, through both', async () => {
    const { id } = JSON.parse(
      await here.must(['exec', 'bird', '--detach', '--json', '--', 'sh', '-c', 'echo one; sleep 2; echo two']),
    );
    await here.must(['suspend', 'bird']);
    await killAndStart();
    await here.must(['resume', 'bird']);

    expect(await here.must(['attach', id])).toBe('one\ntwo');
    const { items } = JSON.parse(await here.must(['ps', 'bird', '--json']));
    expect(items.find((one: { id: string }) => one.id === id)).toMatchObject({ state: 'exited', exit_code: 0 });
  });

  it('is woken by an access to its files', async () => {
    await here.must(['suspend', 'bird']);

    expect(await here.must(['cp', 'bird:/root/file', '-'])).toBe('kept');

    expect(await getVm()).toMatchObject({ phase: 'running', incarnation: 1 });
  });

  it('is suspended by itself when it is idle, and says why', async () => {
    await here.must(['create', 'idle', '--memory', '192', '--disk', '2', '--auto-suspend', '10s']);

    await here.must(['wait', 'idle', '--phase', 'suspended', '--timeout', '60s']);

    const { suspension } = JSON.parse(await here.must(['get', 'idle', '--json']));
    expect(suspension).toMatchObject({ reason: 'idle', message: expect.stringMatching(/^Idle for 1[0-9] s: /) });
    expect(await here.must(['exec', 'idle', '--', 'hostname'])).toBe('idle');
    await here.must(['rm', '--force', 'idle']);
  });

  it('that counts all the time is not idle', async () => {
    await here.must(['update', 'bird', '--auto-suspend', '10s']);
    expect(await getVm()).toMatchObject({ auto_suspend: { idle_seconds: 10, cpu_below_percent: 5 } });
    const waited = await here.volary(['wait', 'bird', '--phase', 'suspended', '--timeout', '20s']);
    expect(waited.code).not.toBe(0);
    await here.must(['update', 'bird', '--auto-suspend', 'off']);
  });

  it('is deleted when its time is over', async () => {
    await here.must(['create', 'mayfly', '--memory', '192', '--disk', '2', '--ttl', '8s']);

    await here.must(['wait', 'mayfly', '--phase', 'absent', '--timeout', '60s']);

    const { items } = JSON.parse(await here.must(['events', '--type', 'vm.expiring,vm.expired,vm.deleted', '--json']));
    const own = items.filter(({ data }: { data: { name: string } }) => data.name === 'mayfly');
    expect(own.map(({ type }: { type: string }) => type)).toEqual(['vm.expiring', 'vm.expired', 'vm.deleted']);
  });

  it('whose memory was cut short is not woken, and can be booted', async () => {
    await here.must(['suspend', 'bird']);
    const { id } = await getVm();
    truncateSync(join(here.dataDir, 'suspended', `${id}`, 'memory'), 1_048_576);

    const refused = await here.volary(['resume', 'bird', '--json']);

    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { reason: 'driver.suspended_damaged' } });
    expect(await getVm()).toMatchObject({ phase: 'suspended' });
    await here.must(['restart', 'bird', '--force']);
    expect(await getVm()).toMatchObject({ phase: 'running', incarnation: 2 });
    expect(await run('cat /root/file')).toBe('kept');
  });
});
