import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Autoscaling } from '../../domain/deployment/autoscaling.ts';
import type { Deployment, DeploymentPhase } from '../../domain/deployment/deployment.ts';
import { rightsOf } from '../../domain/principal/rights.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { CreateDeploymentRequest, ReplicaRequest } from '../apis/deployment-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation({ settings: { sweepMs: 200, idleMs: 50, memoryReserveMib: 0 } });
  server = await installation.start(undefined, undefined, ample);
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

type Wrap = NonNullable<Parameters<Installation['start']>[2]>;

/** A host with room for whatever is asked, so that it does not depend on where the tests run. */
const ample: Wrap = (probe) => ({
  ...probe,
  measure: async () => ({
    ...(await probe.measure()),
    memoryMib: 65_536,
    memoryAvailableMib: 65_536,
    diskGib: 9_000,
    diskAvailableGib: 9_000,
  }),
});

const SMALL: ReplicaRequest = {
  spec: { memoryMib: 128, diskGib: 1 },
  labels: {},
  metadata: {},
  warmStart: 'never',
};

function request(change: Partial<CreateDeploymentRequest> = {}): CreateDeploymentRequest {
  return {
    name: 'web',
    description: '',
    labels: {},
    replicas: 3,
    strategy: {},
    autoscaling: null,
    vm: SMALL,
    ...change,
  };
}

const soon = () => ({ timeoutMs: 15_000, signal: AbortSignal.timeout(60_000) });

async function until(phase: DeploymentPhase, ref = 'web'): Promise<Deployment> {
  const deployment = await server.engine.deployments.wait(ADMIN, ref, phase, soon());
  if (deployment === null) throw new Error('it is gone');
  return deployment;
}

async function names(): Promise<readonly string[]> {
  const { items } = await server.engine.vms.list(ADMIN, { limit: 100, after: null });
  return items
    .filter(({ desired }) => desired.power !== 'absent')
    .map(({ name }) => name)
    .toSorted();
}

async function running(change: Partial<CreateDeploymentRequest> = {}): Promise<Deployment> {
  await server.engine.deployments.create(ADMIN, request(change));
  return await until('running', change.name ?? 'web');
}

/** Which revision each VM is of. */
async function revisions(): Promise<Readonly<Record<string, number | undefined>>> {
  const { items } = await server.engine.vms.list(ADMIN, { limit: 100, after: null });
  return Object.fromEntries(items.map(({ name, replicaOf }) => [name, replicaOf?.revision]));
}

async function eventTypes(): Promise<readonly string[]> {
  const events = await server.engine.events.list(ADMIN, { after: 0, limit: 1_000 });
  return events.map(({ type }) => type);
}

/** Waits until this holds of the deployment, by the hints that it has changed. */
async function untilSeen(holds: (deployment: Deployment) => boolean): Promise<Deployment> {
  const changed = Promise.withResolvers<void>();
  let waiting = changed;
  const unsubscribe = server.bus.subscribe('deployment', () => waiting.resolve());
  try {
    for (let turn = 0; turn < 500; turn++) {
      waiting = Promise.withResolvers<void>();
      const deployment = await server.engine.deployments.get(ADMIN, 'web');
      if (holds(deployment)) return deployment;
      await waiting.promise;
    }
    throw new Error('it never came to that');
  } finally {
    unsubscribe();
  }
}

describe('a deployment', () => {
  it('has as many VMs as are wanted, made alike, with labels by which they are found', async () => {
    const made = await running({ vm: { ...SMALL, labels: { tier: 'front' } } });

    expect(made.status).toMatchObject({ replicas: 3, ready: 3, available: 3, vms: ['web-1', 'web-2', 'web-3'] });
    expect(made).toMatchObject({ stable: 1, rollout: { state: 'complete' } });
    const vm: Vm = await server.engine.vms.get(ADMIN, 'web-2');
    expect(vm).toMatchObject({
      owner: 'admin',
      labels: { tier: 'front', 'volary.deployment': 'web' },
      replicaOf: { deploymentId: made.id, index: 2, revision: 1 },
      spec: { memoryMib: 128 },
    });
  });

  it('is scaled up and down, highest first, to none and back', async () => {
    await running();
    const before = await Promise.all(['web-1', 'web-2'].map((name) => server.engine.vms.get(ADMIN, name)));
    const scale = async (replicas: number) => {
      await server.engine.deployments.update(ADMIN, 'web', { replicas });
      return await until('running');
    };

    await scale(5);
    expect(await names()).toEqual(['web-1', 'web-2', 'web-3', 'web-4', 'web-5']);
    await scale(2);
    expect(await names()).toEqual(['web-1', 'web-2']);
    const after = await Promise.all(['web-1', 'web-2'].map((name) => server.engine.vms.get(ADMIN, name)));
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(await scale(0)).toMatchObject({ status: { replicas: 0, vms: [] } });
    await scale(1);
    expect(await names()).toEqual(['web-1']);
  });

  it('replaces what is deleted by hand, and what is stopped', async () => {
    await running();
    const { id } = await server.engine.vms.get(ADMIN, 'web-2');
    await server.engine.vms.delete(ADMIN, 'web-2', {});
    await untilSeen(({ status }) => status.available < 3);
    await until('running');
    expect((await server.engine.vms.get(ADMIN, 'web-2')).id).not.toBe(id);

    await server.engine.vms.stop(ADMIN, 'web-3', { graceMs: 0 });
    const seen = await untilSeen(({ backoffs }) => backoffs.some(({ index }) => index === 3));
    expect(seen.backoffs).toMatchObject([{ index: 3, failures: 1, message: 'It was stopped.' }]);
    await until('running');
    expect(await eventTypes()).toContain('deployment.replica_failed');
  });

  it('says that replicas fail again and again, and waits longer each time', async () => {
    const vm = { ...SMALL, labels: { 'simulate.dies_after_ms': '1' } };
    await server.engine.deployments.create(ADMIN, request({ replicas: 1, vm }));

    const looping = await untilSeen(({ backoffs }) => (backoffs[0]?.failures ?? 0) >= 3);
    const shown = await untilSeen(({ status }) => status.phase === 'failed');

    expect((looping.backoffs[0]?.retryAt ?? 0) - Date.now()).toBeGreaterThan(500);
    const condition = shown.status.conditions.find(({ type }) => type === 'crash_looping');
    expect(condition).toMatchObject({ isTrue: true, reason: 'replicas_fail' });
    expect(condition?.message).toContain('web-1 failed 3 times in a row');
  });

  it('goes with all its VMs, also while they are being made', async () => {
    await server.engine.deployments.create(ADMIN, request({ replicas: 8 }));
    await server.engine.deployments.delete(ADMIN, 'web');
    expect(await server.engine.deployments.wait(ADMIN, 'web', 'absent', soon())).toBeNull();

    expect((await server.engine.vms.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
    await expect(server.engine.deployments.get(ADMIN, 'web')).rejects.toMatchObject({ reason: 'deployment.unknown' });
    expect(await eventTypes()).toContain('deployment.deleted');
  });

  it('is gone on with by the next server', async () => {
    await server.engine.deployments.create(ADMIN, request({ replicas: 6 }));
    await server.stop();
    server = await installation.start(undefined, undefined, ample);
    await until('running');
    expect(await names()).toHaveLength(6);

    await server.engine.deployments.update(ADMIN, 'web', { replicas: 2 });
    await server.stop();
    server = await installation.start(undefined, undefined, ample);
    await until('running');
    expect(await names()).toEqual(['web-1', 'web-2']);
  });
});

describe('a rollout', () => {
  it('brings all to the new revision, and never has fewer than are wanted', async () => {
    await running();
    const counts: number[] = [];
    const unsubscribe = server.bus.subscribe('deployment', () => {
      void server.engine.deployments.get(ADMIN, 'web').then(({ status }) => counts.push(status.available));
    });
    await server.engine.deployments.update(ADMIN, 'web', { vm: { spec: { memoryMib: 160 } } });
    const done = await until('running');
    unsubscribe();

    expect(done).toMatchObject({ target: 2, stable: 2, status: { updated: 3 } });
    expect(await revisions()).toEqual({ 'web-1': 2, 'web-2': 2, 'web-3': 2 });
    expect(await server.engine.vms.get(ADMIN, 'web-1')).toMatchObject({ spec: { memoryMib: 160, diskGib: 1 } });
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
  });

  it('that comes to nothing new rolls out nothing', async () => {
    const before = await running();
    const after = await server.engine.deployments.update(ADMIN, 'web', { vm: { spec: { memoryMib: 128 } } });

    expect(after).toMatchObject({ target: before.target, rollout: { state: 'complete' } });
  });

  it('of what does not work is stopped, says why, and leaves the others alone', async () => {
    await running({ strategy: { progressDeadlineSeconds: 5, minReadySeconds: 2 } });
    const before = await Promise.all(['web-1', 'web-2', 'web-3'].map((name) => server.engine.vms.get(ADMIN, name)));
    const broken = { labels: { 'simulate.dies_after_ms': '1' } };
    await server.engine.deployments.update(ADMIN, 'web', { vm: broken });

    await expect(until('running')).rejects.toMatchObject({ reason: 'deployment.rollout_stopped' });
    // The same transaction tells of both: nobody finds it stopped, and updating.
    const types = ['deployment.rollout_stopped', 'deployment.phase_changed'] as const;
    const told = await server.engine.events.list(ADMIN, { after: null, limit: 200, types });
    const at = told.findIndex(({ type }) => type === 'deployment.rollout_stopped');
    const sequence = (told[at]?.sequence ?? 0) + 1;
    expect(told[at + 1]).toMatchObject({ type: 'deployment.phase_changed', data: { to: 'failed' }, sequence });
    const stopped = await untilSeen(({ status }) => status.phase === 'failed' && status.vms.length === 3);
    expect(stopped.rollout.message).toContain('Revision 2 came no further within 5 s: 0 of 3');
    const after = await Promise.all(['web-1', 'web-2', 'web-3'].map((name) => server.engine.vms.get(ADMIN, name)));
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));

    await server.engine.deployments.rollBack(ADMIN, 'web');
    expect(await until('running')).toMatchObject({ target: 1, stable: 1 });
    expect((await server.engine.vms.get(ADMIN, 'web-1')).id).toBe(before[0]?.id);
  });

  it('stands still while it is paused, and goes on', async () => {
    await running();
    await server.engine.deployments.update(ADMIN, 'web', { isPaused: true });
    await server.engine.deployments.update(ADMIN, 'web', { vm: { spec: { memoryMib: 160 } } });
    await server.engine.vms.delete(ADMIN, 'web-1', {});
    await untilSeen(({ status }) => status.available < 3);
    await untilSeen(({ status }) => status.available === 3);
    expect(await revisions()).toEqual({ 'web-1': 1, 'web-2': 1, 'web-3': 1 });

    await server.engine.deployments.update(ADMIN, 'web', { isPaused: false });
    await until('running');
    expect(await revisions()).toEqual({ 'web-1': 2, 'web-2': 2, 'web-3': 2 });
  });

  it('can go back to any revision that is kept, and be had again', async () => {
    await running();
    for (const memoryMib of [160, 192]) {
      await server.engine.deployments.update(ADMIN, 'web', { vm: { spec: { memoryMib } } });
      await until('running');
    }
    await server.engine.deployments.rollBack(ADMIN, 'web', { to: 1 });
    await until('running');
    expect(await server.engine.vms.get(ADMIN, 'web-3')).toMatchObject({ spec: { memoryMib: 128 } });

    await server.engine.deployments.restart(ADMIN, 'web');
    expect(await until('running')).toMatchObject({ target: 4 });
    const { items } = await server.engine.deployments.revisions(ADMIN, 'web', { limit: 9, after: null });
    expect(items.map(({ number, cause }) => `${number} ${cause.kind}`)).toEqual([
      '4 restarted',
      '3 changed',
      '2 changed',
      '1 created',
    ]);
    await expect(server.engine.deployments.rollBack(ADMIN, 'web', { to: 9 })).rejects.toMatchObject({
      reason: 'deployment.unknown_revision',
    });
  });
});

describe('what cannot be', () => {
  it('makes none, and says the figures', async () => {
    const { deployments } = server.engine;
    const many = request({ replicas: 600 });

    await expect(deployments.create(ADMIN, many)).rejects.toMatchObject({
      reason: 'host.no_memory',
      details: { wanted_count: 600, room_count: 512 },
    });
    expect((await deployments.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
    await running();
    await expect(deployments.update(ADMIN, 'web', { replicas: 600 })).rejects.toMatchObject({
      reason: 'host.no_memory',
    });
    expect(await deployments.get(ADMIN, 'web')).toMatchObject({ replicas: 3 });
    expect(await names()).toHaveLength(3);
  });

  it('is refused: names that are taken, bounds that are none, revisions that are not there', async () => {
    const { deployments, vms } = server.engine;
    await vms.create(ADMIN, { ...SMALL, name: 'api-2', start: false });

    await expect(deployments.create(ADMIN, request({ name: 'api' }))).rejects.toMatchObject({
      reason: 'vm.name_taken',
    });
    await running();
    await expect(deployments.create(ADMIN, request())).rejects.toMatchObject({ reason: 'deployment.name_taken' });
    const none = { kind: 'count', count: 0 } as const;
    await expect(
      deployments.update(ADMIN, 'web', { strategy: { maxSurge: none, maxUnavailable: none } }),
    ).rejects.toMatchObject({ reason: 'deployment.invalid_strategy' });
    await expect(deployments.update(ADMIN, 'web', { replicas: -1 })).rejects.toMatchObject({
      reason: 'deployment.invalid_replicas',
    });
    await expect(deployments.rollBack(ADMIN, 'web')).rejects.toMatchObject({
      reason: 'deployment.no_earlier_revision',
    });
    const seen = { id: (await deployments.get(ADMIN, 'web')).id, version: 99 };
    await expect(deployments.update(ADMIN, 'web', { replicas: 1 }, { ifStill: [seen] })).rejects.toMatchObject({
      reason: 'deployment.changed',
    });
  });

  it('is not seen by others', async () => {
    const bob = { ...ADMIN, name: 'bob', rights: rightsOf(['*@own']) };
    await running();

    expect((await server.engine.deployments.list(bob, { limit: 9, after: null })).items).toEqual([]);
    await expect(server.engine.deployments.get(bob, 'web')).rejects.toMatchObject({ reason: 'deployment.unknown' });
    await expect(server.engine.deployments.delete(bob, 'web')).rejects.toMatchObject({ reason: 'deployment.unknown' });
  });
});

it('a replica that turns unhealthy by what its workload answers is replaced', async () => {
  const healthCheck = {
    probe: { type: 'exec', argv: ['test', '-f', '/well'] },
    intervalMs: 100,
    timeoutMs: 1_000,
    startPeriodMs: 0,
    healthyThreshold: 1,
    unhealthyThreshold: 2,
  } as const;
  const checked = { ...SMALL, spec: { ...SMALL.spec, healthCheck } };
  await server.engine.deployments.create(ADMIN, request({ replicas: 1, vm: checked }));

  const failed = await untilSeen(({ backoffs }) => backoffs.length > 0);

  expect(failed.backoffs).toMatchObject([{ index: 1, message: 'Its health check failed.' }]);
});

describe('a deployment that scales by itself', () => {
  const autoscaling: Autoscaling = {
    minReplicas: 2,
    maxReplicas: 4,
    metric: 'cpu',
    targetPercent: 50,
    tolerancePercent: 10,
    scaleUpSeconds: 0,
    scaleDownSeconds: 1,
  };
  const busy = (percent: number) => ({ labels: { 'simulate.cpu_percent': String(percent) } });

  it('grows while its replicas are busy, and shrinks when they are not, within its bounds', async () => {
    await server.engine.deployments.create(ADMIN, {
      ...request({ vm: { ...SMALL, ...busy(90) }, autoscaling }),
      replicas: 2,
    });
    await untilSeen(({ replicas, status }) => replicas === 4 && status.available === 4);
    await server.engine.deployments.update(ADMIN, 'web', { vm: busy(5) });
    await untilSeen(({ replicas }) => replicas === 2);
    const idle = await until('running');

    expect(idle.status.vms).toEqual(['web-1', 'web-2']);
    const events = await server.engine.events.list(ADMIN, { after: 0, limit: 1_000, types: ['deployment.scaled'] });
    const moves = events.map(({ data }) => data['from'] === data['to'] || Number(data['to']) - Number(data['from']));
    expect(events.every(({ data }) => data['cause'] === 'autoscaling')).toBe(true);
    // Up, then down: never to and fro.
    expect(moves.map((move) => Number(move) > 0).join()).toMatch(/^true(,true)*(,false)+$/);
  });

  it('goes by the memory of its guests where that is asked for, and leaves alone what is switched off', async () => {
    const byMemory = { ...autoscaling, metric: 'memory', targetPercent: 1 } as const;
    await server.engine.deployments.create(ADMIN, { ...request({ autoscaling: byMemory }), replicas: 2 });
    await untilSeen(({ replicas }) => replicas === 4);

    await server.engine.deployments.update(ADMIN, 'web', { replicas: 0 });
    expect(await until('running')).toMatchObject({ replicas: 0 });
  });
});
