import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Autoscaling } from '../../domain/deployment/autoscaling.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';

let installation: Installation;
let server: TestServer;
/** Done while the replicas are measured, before it is known what they come to. */
let meanwhile: (() => Promise<void>) | null;

beforeEach(async () => {
  meanwhile = null;
  installation = createInstallation({
    settings: { sweepMs: 200, idleMs: 20, memoryReserveMib: 0 },
  });
  server = await installation.start((driver) => ({
    ...driver,
    async measureMachine(vmId, options) {
      const measured = await driver.measureMachine(vmId, options);
      await meanwhile?.();
      return measured;
    },
  }));
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const SCALING: Autoscaling = {
  ...{ minReplicas: 1, maxReplicas: 4, targetPercent: 50, tolerancePercent: 10 },
  ...{ metric: 'cpu', scaleUpSeconds: 0, scaleDownSeconds: 60 },
};

/** Replicas as busy as can be. */
async function createBusy(name: string, replicas: number): Promise<void> {
  const { deployments } = server.engine;
  await deployments.create(ADMIN, {
    ...{ name, description: '', labels: {}, replicas, strategy: {}, autoscaling: null },
    vm: {
      ...{ labels: { 'simulate.cpu_percent': '90' }, metadata: {}, warmStart: 'never' },
      spec: { memoryMib: 128, diskGib: 1 },
    },
  });
  await deployments.wait(ADMIN, name, 'running', { timeoutMs: 15_000, signal: AbortSignal.timeout(60_000) });
}

it('asks all guests at once what they use of their memory', async () => {
  await using own = createInstallation({
    settings: { sweepMs: 200, sampleMs: 3_600_000, idleMs: 20, memoryReserveMib: 0 },
  });
  const asked = Promise.withResolvers<void>();
  let waiting = 0;
  server = await own.start((driver) => ({
    ...driver,
    async openLink(vmId, options) {
      const link = await driver.openLink(vmId, options);
      const stats = link.stats.bind(link);
      // Nobody tells before all three were asked.
      return Object.assign(link, {
        async stats(asking: Parameters<typeof stats>[0]) {
          waiting += 1;
          if (waiting === 3) asked.resolve();
          await asked.promise;
          return stats(asking);
        },
      });
    },
  }));
  await createBusy('web', 3);

  await server.engine.deployments.update(ADMIN, 'web', {
    autoscaling: { ...SCALING, metric: 'memory', maxReplicas: 4, targetPercent: 40 },
  });

  // Simulated guests use half of their memory.
  await expect
    .poll(async () => (await server.engine.deployments.get(ADMIN, 'web')).replicas, { timeout: 15_000 })
    .toBe(4);
});

it('grows as far as a quota lets it, says so, and goes on when there is more', async () => {
  const { deployments, users } = server.engine;
  await createBusy('web', 2);
  await users.update(ADMIN, 'admin', { quota: { vms: 3 } });
  const limited = async () => {
    const { replicas, status } = await deployments.get(ADMIN, 'web');
    const condition = status.conditions.find(({ type }) => type === 'scaling_limited');
    return { replicas, isLimited: condition?.isTrue, reason: condition?.reason, message: condition?.message };
  };
  expect((await limited()).isLimited).toBeUndefined();

  await deployments.update(ADMIN, 'web', { autoscaling: SCALING });

  await expect.poll(limited, { timeout: 15_000 }).toEqual({
    ...{ replicas: 3, isLimited: true, reason: 'quota.exceeded' },
    message: '4 replicas are wanted: admin may have 3 VMs, and has 3; this takes 1 more.',
  });

  await users.update(ADMIN, 'admin', { quota: { vms: 4 } });

  await expect.poll(limited, { timeout: 15_000 }).toMatchObject({ replicas: 4, isLimited: false, reason: 'none' });
});

it('does not scale what was said otherwise of while it looked', async () => {
  const { deployments } = server.engine;
  await createBusy('web', 1);
  const looked = Promise.withResolvers<void>();
  let looks = 0;
  meanwhile = async () => {
    looks += 1;
    // The first look only learns where the counters stand.
    if (looks !== 2) return;
    await deployments.update(ADMIN, 'web', { autoscaling: null });
    looked.resolve();
  };

  await deployments.update(ADMIN, 'web', { autoscaling: SCALING });
  await looked.promise;
  // Which waits for the look to end.
  await server.stop();

  server = await installation.start();
  expect(await server.engine.deployments.get(ADMIN, 'web')).toMatchObject({ replicas: 1, autoscaling: null });
});
