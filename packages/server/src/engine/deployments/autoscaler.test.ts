import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Autoscaling } from '../../domain/deployment/autoscaling.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';

let installation: Installation;
let server: TestServer;
/** Done while the replicas are measured, before it is known what they come to. */
let meanwhile: (() => Promise<void>) | null;

beforeEach(async () => {
  meanwhile = null;
  installation = createInstallation({ settings: { sweepMs: 200, idleMs: 20, memoryReserveMib: 0 } });
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

it('does not scale what was said otherwise of while it looked', async () => {
  const { deployments } = server.engine;
  const autoscaling: Autoscaling = {
    ...{ minReplicas: 1, maxReplicas: 4, targetPercent: 50, tolerancePercent: 10 },
    ...{ metric: 'cpu', scaleUpSeconds: 0, scaleDownSeconds: 60 },
  };
  await deployments.create(ADMIN, {
    ...{ name: 'web', description: '', labels: {}, replicas: 1, strategy: {}, autoscaling: null },
    vm: {
      ...{ labels: { 'simulate.cpu_percent': '90' }, metadata: {}, warmStart: 'never' },
      spec: { memoryMib: 128, diskGib: 1 },
    },
  });
  await deployments.wait(ADMIN, 'web', 'running', { timeoutMs: 15_000, signal: new AbortController().signal });
  const looked = Promise.withResolvers<void>();
  let looks = 0;
  meanwhile = async () => {
    looks += 1;
    // The first look only learns where the counters stand.
    if (looks !== 2) return;
    await deployments.update(ADMIN, 'web', { autoscaling: null });
    looked.resolve();
  };

  await deployments.update(ADMIN, 'web', { autoscaling });
  await looked.promise;
  // Which waits for the look to end.
  await server.stop();

  server = await installation.start();
  expect(await server.engine.deployments.get(ADMIN, 'web')).toMatchObject({ replicas: 1, autoscaling: null });
});
