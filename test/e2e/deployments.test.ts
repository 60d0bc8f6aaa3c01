import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';
import { readySeries } from './ready-series.ts';

/* Deployments of real VMs, as somebody would keep them: one dies, they become more and fewer, and another revision, and a broken one. */

const SMALL = { memory_mib: 128, disk_gib: 1 } as const;
/** Guests boot one beside the other on few cores, under emulation. */
const LONG_S = 300;

let here: Installation;
let client: VolaryClient;
beforeAll(async () => {
  here = createInstallation('qemu', {
    VOLARY_DOCKER_SOCKET: 'off',
    VOLARY_WARM_TEMPLATES: 'on',
    VOLARY_WARM_POOL_COUNT: '0',
  });
  await here.must(['up', '--detach', '--no-vm']);
  const { url } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
  client = createClient({ baseUrl: url, apiKey: readFileSync(join(here.dataDir, 'admin.key'), 'utf8').trim() });
});
afterAll(async () => {
  await client.deployments.delete('web').catch(() => undefined);
  await client.deployments.wait('web', { phase: 'absent', timeoutSeconds: 60 }).catch(() => undefined);
  await here.remove();
});

const running = () => client.deployments.wait('web', { timeoutSeconds: LONG_S });
const idsOf = async (): Promise<Readonly<Record<string, string>>> => {
  const { items } = await client.vms.list({ limit: 20, selector: 'volary.deployment=web' });
  return Object.fromEntries(items.map(({ name, id }) => [name, id]));
};
const lastSequence = async (): Promise<number> => {
  let after = 0;
  for (;;) {
    const { items, next_cursor: next } = await client.events.list({ after, limit: 200 });
    if (items.length === 0 || next === null) return items.at(-1)?.sequence ?? after;
    after = Number(next);
  }
};

describe('a deployment of three VMs', { timeout: 600_000 }, () => {
  it('is made, and the VM whose monitor is killed is replaced', async () => {
    await client.deployments.create({ name: 'web', replicas: 3, replica: SMALL });
    expect((await running())?.vms).toEqual(['web-1', 'web-2', 'web-3']);
    const before = await idsOf();
    const { pid } = await client.vms.get('web-2');

    const from = await lastSequence();
    const startedMs = performance.now();
    process.kill(pid ?? Number.NaN, 'SIGKILL');
    await expect
      .poll(async () => [(await idsOf())['web-2'] !== before['web-2'], (await client.deployments.get('web')).phase], {
        timeout: LONG_S * 1_000,
        interval: 100,
      })
      .toEqual([true, 'running']);

    // How long that may take depends on what else the machine does; it is told, not judged.
    process.stderr.write(`a killed VM was replaced after ${Math.round(performance.now() - startedMs)} ms\n`);
    const { 'web-2': _dead, ...others } = before;
    expect(await idsOf()).toMatchObject(others);
    const failed = await client.events.list({ after: from, types: ['deployment.replica_failed'] });
    expect(failed.items.map(({ data }) => data['index'])).toEqual([2]);
  });

  it('becomes five, and two, and the first two stay what they are', async () => {
    const before = await idsOf();
    await client.deployments.scale('web', 5);
    expect((await running())?.ready_replicas).toBe(5);

    await client.deployments.scale('web', 2);
    await running();

    const { 'web-1': one, 'web-2': two } = before;
    expect(await idsOf()).toEqual({ 'web-1': one, 'web-2': two });
  });

  it('becomes another revision, and two are ready at every moment of that', async () => {
    const before = await idsOf();
    const from = await lastSequence();
    await client.deployments.update('web', { replica: { labels: { revision: 'second' } } });
    const { target_revision: target, stable_revision: stable } = (await running()) ?? {};

    expect([target, stable]).toEqual([2, 2]);
    const after = await idsOf();
    expect(Object.keys(after)).toEqual(['web-1', 'web-2']);
    expect(Object.values(after).filter((id) => Object.values(before).includes(id))).toEqual([]);
    const series = await readySeries(client, { from, ready: Object.values(before) });
    expect(series.length).toBeGreaterThan(3);
    expect(Math.min(...series)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...series)).toBe(3);
  });

  it('keeps serving when a revision does not become ready, and says why', async () => {
    const before = await idsOf();
    const from = await lastSequence();
    const broken = { health_check: { type: 'exec', command: 'false', interval_ms: 1_000 } } as const;
    await client.deployments.update('web', { strategy: { progress_deadline_seconds: 45 }, replica: broken });

    await expect(client.deployments.wait('web', { timeoutSeconds: LONG_S })).rejects.toMatchObject({
      reason: 'deployment.rollout_stopped',
    });

    const { phase, rollout } = await client.deployments.get('web');
    expect([phase, rollout.state]).toEqual(['failed', 'stopped']);
    expect(rollout.message).toContain('Revision 3 came no further within 45 s');
    expect(Math.min(...(await readySeries(client, { from, ready: Object.values(before), isChecked: true })))).toBe(2);
    expect(await here.must(['exec', 'web-1', '--', 'echo', 'still here'])).toBe('still here');
    await client.deployments.rollBack('web');
    await running();
    expect(await idsOf()).toEqual(before);
  });

  it('grows under load by itself, and shrinks when that is over, once each', async () => {
    const from = await lastSequence();
    const autoscaling = {
      ...{ min_replicas: 2, max_replicas: 4, target_percent: 15 },
      ...{ scale_up_seconds: 5, scale_down_seconds: 20 },
    };
    await client.deployments.update('web', { autoscaling });
    const busy = ['web-1', 'web-2', 'web-3', 'web-4'];
    const load = 'while :; do :; done & echo $! > /run/load';
    for (const name of busy.slice(0, 2)) await here.must(['exec', name, '--', 'sh', '-c', load]);
    await expect
      .poll(async () => (await client.deployments.get('web')).replicas, { timeout: 240_000, interval: 500 })
      .toBe(4);
    await running();

    for (const name of busy.slice(0, 2)) await here.must(['exec', name, '--', 'sh', '-c', 'kill "$(cat /run/load)"']);
    await expect
      .poll(async () => (await client.deployments.get('web')).replicas, { timeout: 240_000, interval: 500 })
      .toBe(2);
    await running();

    const scaled = await client.events.list({ after: from, types: ['deployment.scaled'], limit: 100 });
    const counts = scaled.items.map(({ data }) => Number(data['to']));
    const top = counts.indexOf(4);
    // Up, and then down: no change between is taken back.
    expect(counts.slice(0, top + 1)).toEqual(counts.slice(0, top + 1).toSorted());
    expect(counts.slice(top)).toEqual(counts.slice(top).toSorted().reverse());
    expect(counts.at(-1)).toBe(2);
  });

  it('goes with all its VMs, and leaves nothing', async () => {
    await client.deployments.delete('web');
    await client.deployments.wait('web', { phase: 'absent', timeoutSeconds: LONG_S });

    expect(await idsOf()).toEqual({});
    expect(await here.must(['ls', '-q'])).toBe('');
  });
});
