import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VmSpec } from '../../domain/vm/spec.ts';
import { type AskedHealthCheck, completeHealthCheck } from '../../domain/workload/health-check.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation({ settings: { pingMs: 50 } });
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** The file that its check looks for is not there at first. */
const FILE: AskedHealthCheck = {
  ...{ type: 'exec', argv: ['cat', '/root/well'], intervalMs: 500, startPeriodMs: 0 },
  ...{ healthyThreshold: 1, unhealthyThreshold: 2 },
};

async function make(asked: AskedHealthCheck, more: Partial<VmSpec> = {}): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name: 'bird', labels: {}, metadata: {}, start: true, warmStart: 'auto' },
    spec: { healthCheck: completeHealthCheck(asked, null), ...more },
  });
  await finish(server, operation);
}

async function until(health: 'starting' | 'healthy' | 'unhealthy' | 'degraded'): Promise<void> {
  await server.engine.vms.wait(ADMIN, 'bird', { phase: 'running', health }, soon);
}

async function write(path: string): Promise<void> {
  const content = (async function* () {
    yield new TextEncoder().encode('yes');
  })();
  await server.engine.files.write(ADMIN, 'bird', path, content, soon);
}

async function changes(): Promise<readonly unknown[]> {
  const events = await server.store.events.list({ after: 0, limit: 1_000, types: ['vm.health_changed'] });
  return events.map(({ data }) => [data['old_status'], data['status']]);
}

describe('the health of a VM that has a check', () => {
  it('is told by a command: unhealthy when it fails so often, healthy when it succeeds', async () => {
    await make(FILE);
    expect((await server.engine.vms.get(ADMIN, 'bird')).health).toMatch(/^(starting|unhealthy)$/);
    await until('unhealthy');
    const report = await server.engine.health.get(ADMIN, 'bird');
    expect(report.lastCheck).toMatchObject({ isGood: false, message: 'The check exited with 1.', successes: 0 });
    expect(report.lastCheck?.failures).toBeGreaterThanOrEqual(2);

    await write('/root/well');
    await until('healthy');
    expect(await changes()).toEqual([
      ['unknown', 'starting'],
      ['starting', 'unhealthy'],
      ['unhealthy', 'healthy'],
    ]);
    // It is no command of anybody's, and none of ours is left in the guest.
    expect((await server.engine.executions.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
  });

  it('is told by a port that takes connections, or does not', async () => {
    await make({ type: 'tcp', port: 7, intervalMs: 500 });
    await until('healthy');

    expect((await server.engine.health.get(ADMIN, 'bird')).lastCheck).toMatchObject({
      message: 'Port 7 takes connections.',
    });
  });

  it('is not spoilt within the start period, and refused connections say why', async () => {
    await make({ type: 'http', port: 81, intervalMs: 500, startPeriodMs: 3_600_000, unhealthyThreshold: 1 });

    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'running', health: 'starting' }, soon);
    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({ health: 'starting' });
    expect(await changes()).toEqual([['unknown', 'starting']]);
  });

  it('is asked for with the variables of the VM, and by the next server as well', async () => {
    await make({ ...FILE, argv: ['sh', '-c', 'cat $PLACE'] }, { environment: { PLACE: '/root/well' } });
    await until('unhealthy');
    await server.stop();
    server = await installation.start();

    await write('/root/well');
    await until('healthy');
  });

  it.each([
    ['healthy', 80],
    ['unhealthy', 81],
  ] as const)('stays %s when the server is restarted, until a check says otherwise', async (health, port) => {
    await make({ type: 'tcp', port, intervalMs: 500, startPeriodMs: 0, healthyThreshold: 3, unhealthyThreshold: 3 });
    await until(health);
    await server.stop();
    server = await installation.start();

    // The first checks of the next server are fewer in a row than either threshold.
    const inARow = async () => {
      const { lastCheck } = await server.engine.health.get(ADMIN, 'bird');
      return (lastCheck?.successes ?? 0) + (lastCheck?.failures ?? 0);
    };
    await expect.poll(inARow, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    expect(await changes()).toEqual([
      ['unknown', 'starting'],
      ['starting', health],
    ]);
  });

  it('is told anew by another check, without a way back to starting', async () => {
    await make({ type: 'tcp', port: 80, intervalMs: 500, startPeriodMs: 0, unhealthyThreshold: 2 });
    await until('healthy');
    const other: AskedHealthCheck = { type: 'tcp', port: 81, intervalMs: 500, startPeriodMs: 0, unhealthyThreshold: 2 };

    await server.engine.vms.update(ADMIN, 'bird', { spec: { healthCheck: completeHealthCheck(other, null) } }, {});

    await until('unhealthy');
    expect(await changes()).toEqual([
      ['unknown', 'starting'],
      ['starting', 'healthy'],
      ['healthy', 'unhealthy'],
    ]);
  });

  it('is not known while it does not run, and begins anew with each life', async () => {
    await make(FILE);
    await write('/root/well');
    await until('healthy');
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);
    expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({ health: 'unknown' });

    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);
    await until('healthy');
    expect(await changes()).toContainEqual(['starting', 'healthy']);
  });
});

describe('the health of a VM that has none', () => {
  it('is whether its agent answers', async () => {
    await create(server, 'bird');

    const report = await server.engine.health.get(ADMIN, 'bird');
    expect(report.vm.health).toBe('healthy');
    expect(report.lastCheck).toBeNull();
  });

  it('is told at each change that follows from what becomes of it, before that is told', async () => {
    const { vms } = server.engine;
    await create(server, 'bird');
    const { id } = await vms.get(ADMIN, 'bird');
    await finish(server, (await vms.pause(ADMIN, 'bird', {})).operation);
    await finish(server, (await vms.resume(ADMIN, 'bird', {})).operation);
    await finish(server, (await vms.suspend(ADMIN, 'bird', {})).operation);
    await finish(server, (await vms.resume(ADMIN, 'bird', {})).operation);
    await finish(server, (await vms.restart(ADMIN, 'bird', { graceMs: 0 })).operation);
    await finish(server, (await vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);
    await finish(server, (await vms.delete(ADMIN, 'bird', {})).operation);

    const told = ['vm.health_changed', 'vm.started', 'vm.paused', 'vm.resumed', 'vm.suspended', 'vm.stopped'] as const;
    const events = await server.store.events.list({ after: 0, limit: 1_000, types: told });
    expect(events.map(({ type, data }) => (type === 'vm.health_changed' ? `-> ${data['status']}` : type))).toEqual([
      ...['-> healthy', 'vm.started', 'vm.paused', 'vm.resumed'],
      ...['-> unknown', 'vm.suspended', '-> healthy', 'vm.resumed'],
      ...['-> unknown', '-> healthy', 'vm.started', '-> unknown', 'vm.stopped'],
    ]);
    // Each goes on from the one before, and names what it is part of.
    let before: unknown = 'unknown';
    for (const { type, vmId, operationId, data } of events) {
      if (type !== 'vm.health_changed') continue;
      expect([vmId, data['old_status'], data['message']]).toEqual([id, before, null]);
      expect(operationId).not.toBeNull();
      before = data['status'];
    }
  });

  it('is unknown with the failure of the VM, which is told in the same moment', async () => {
    await create(server, 'bird');
    const { id } = await server.engine.vms.get(ADMIN, 'bird');
    installation.world.vms.get(id)?.endByItself({ cause: 'vmm-died', detail: 'killed' });
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'failed' }, soon);

    const events = await server.store.events.list({
      after: 0,
      limit: 1_000,
      types: ['vm.health_changed', 'vm.failed'],
    });
    expect(events.slice(-2).map(({ type, at, data }) => [type, at, data['phase']])).toEqual([
      ['vm.health_changed', events.at(-1)?.at, 'failed'],
      ['vm.failed', events.at(-1)?.at, 'failed'],
    ]);
  });

  it('is no success of a check that it is given: that one begins anew, with its start period', async () => {
    await create(server, 'bird');
    const asked: AskedHealthCheck = { type: 'tcp', port: 81, intervalMs: 500, startPeriodMs: 600_000 };

    await server.engine.vms.update(ADMIN, 'bird', { spec: { healthCheck: completeHealthCheck(asked, null) } }, {});

    await until('starting');
    expect(await changes()).toContainEqual(['healthy', 'starting']);
  });
});
