import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Deployment } from '../../domain/deployment/deployment.ts';
import type { Strategy } from '../../domain/deployment/strategy.ts';
import type { ReplicaRequest } from '../apis/deployment-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';

/* What a rollout that does not come further says, and what it leaves. */

const SMALL: ReplicaRequest = { spec: { memoryMib: 128, diskGib: 1 }, labels: {}, metadata: {}, warmStart: 'never' };
const NONE = { kind: 'count', count: 0 } as const;
const ONE = { kind: 'count', count: 1 } as const;
const soon = () => ({ timeoutMs: 15_000, signal: AbortSignal.timeout(60_000) });

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation({ settings: { sweepMs: 200, memoryReserveMib: 0 } });
  // With room for what is asked, so that it does not depend on where the tests run.
  server = await installation.start(undefined, undefined, (probe) => ({
    ...probe,
    measure: async () => ({ ...(await probe.measure()), memoryMib: 8_192, memoryAvailableMib: 8_192 }),
  }));
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function running(replicas: number, strategy: Partial<Strategy>): Promise<void> {
  const { deployments } = server.engine;
  const common = { name: 'web', description: '', labels: {}, autoscaling: null, vm: SMALL };
  await deployments.create(ADMIN, { ...common, replicas, strategy });
  await deployments.wait(ADMIN, 'web', 'running', soon());
}

const change = (vm: Partial<ReplicaRequest>) => server.engine.deployments.update(ADMIN, 'web', { vm });

/** Waits until this holds of the deployment, by the hints that it has changed. */
async function untilSeen(holds: (deployment: Deployment) => boolean): Promise<Deployment> {
  const seen = Promise.withResolvers<Deployment>();
  const look = (): void => {
    server.engine.deployments.get(ADMIN, 'web').then((deployment) => {
      if (holds(deployment)) seen.resolve(deployment);
    }, seen.reject);
  };
  const unsubscribe = server.bus.subscribe('deployment', look);
  look();
  return await seen.promise.finally(unsubscribe);
}

async function revisions(): Promise<readonly (number | undefined)[]> {
  const { items } = await server.engine.vms.list(ADMIN, { limit: 100, after: null });
  return items.map(({ replicaOf }) => replicaOf?.revision);
}

it('keeps nobody from being made of what worked, however often the other has failed', async () => {
  await running(2, { maxSurge: NONE, maxUnavailable: ONE, minReadySeconds: 2, progressDeadlineSeconds: 4 });
  await change({ labels: { 'simulate.dies_after_ms': '1' } });

  const failing = await untilSeen(({ backoffs }) => (backoffs[0]?.failures ?? 0) >= 4);
  const stopped = await untilSeen(({ rollout }) => rollout.state === 'stopped');
  await untilSeen(({ status }) => status.replicas === 2);

  // When the next one of the broken revision would have come.
  expect(Date.now()).toBeLessThan(failing.backoffs[0]?.retryAt ?? 0);
  expect(stopped.rollout.message).toContain('failed 4 times');
  expect(await revisions()).toEqual([1, 1]);
});

it('says that there was no room, and is waited for as what has failed', async () => {
  await running(3, { progressDeadlineSeconds: 1 });
  await change({ spec: { memoryMib: 65_536 } });

  const failed = await server.engine.deployments.wait(ADMIN, 'web', 'failed', soon());

  expect(failed?.rollout.message).toContain('65536 MiB of memory were asked for');
  expect(await revisions()).toEqual([1, 1, 1]);
});
