import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsRestart, pendingChanges } from '../../domain/vm/settings.ts';
import type { Vm, VmHealth } from '../../domain/vm/vm.ts';
import { type AskedHealthCheck, completeHealthCheck } from '../../domain/workload/health-check.ts';
import { completeWorkload } from '../../domain/workload/workload.ts';
import type { UpdateOptions, UpdateVmRequest } from '../apis/config-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { finish, soon } from '../vm-life.test-kit.ts';

/* The web server of a simulated guest answers at port 80; at port 81 nobody does. */
const GOOD = completeWorkload({ type: 'http', command: 'sleep 600', port: 80 });
const BAD = completeWorkload({ type: 'http', command: 'sleep 601', port: 81 });
const ACTIONS = { reload: { description: '', method: 'POST', path: '/reload', timeoutMs: 5_000 } } as const;

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  // Whatever takes effect does so by itself, and not because somebody looks at all VMs from time to time.
  installation = createInstallation({ settings: { pingMs: 50, sweepMs: 3_600_000 } });
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function make(spec: NonNullable<UpdateVmRequest['spec']>): Promise<Vm> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name: 'bird', labels: {}, metadata: {}, start: true, warmStart: 'auto' },
    spec: { ...spec, network: { mode: 'user', egress: 'deny' } },
  });
  await finish(server, operation);
  return await server.engine.vms.get(ADMIN, 'bird');
}

async function change(spec: NonNullable<UpdateVmRequest['spec']>, options: UpdateOptions = {}): Promise<Vm> {
  const { operation } = await server.engine.vms.update(ADMIN, 'bird', { spec }, options);
  if (operation !== null) await finish(server, operation);
  return await server.engine.vms.get(ADMIN, 'bird');
}

async function until(health: VmHealth): Promise<void> {
  const vm = await server.engine.vms.wait(ADMIN, 'bird', { phase: 'running', health }, soon);
  expect(vm?.health).toBe(health);
}

const act = () => server.engine.workloadInterfaces.act(ADMIN, 'bird', { action: 'reload', body: undefined }, soon);
const argvOf = async () => {
  const { executionId } = await server.engine.workloads.get(ADMIN, 'bird');
  return executionId === null ? null : (await server.engine.executions.get(ADMIN, executionId)).request.argv;
};

/** Each hour: whoever waits for the next check has waited too long. */
const check = (asked: AskedHealthCheck) =>
  completeHealthCheck({ intervalMs: 3_600_000, startPeriodMs: 0, unhealthyThreshold: 1, ...asked }, null);

describe('another workload', () => {
  it('is there with the next start; until then what runs is asked how it is, and told what to do', async () => {
    await make({ workload: GOOD, actions: ACTIONS });
    await until('healthy');

    const changed = await change({ workload: BAD });

    expect(pendingChanges(changed)).toMatchObject({
      'workload.port': { old: 80, new: 81 },
      // The check that follows from what runs follows what is to run.
      'health_check.port': { old: 80, new: 81 },
    });
    expect(needsRestart(changed)).toBe(true);
    expect(await act()).toMatchObject({ status: 200 });
    await server.engine.workloads.restart(ADMIN, 'bird', { graceMs: 0, ...soon });
    expect(await argvOf()).toEqual(GOOD.argv);
    expect((await server.engine.vms.get(ADMIN, 'bird')).health).toBe('healthy');

    const { operation } = await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, operation);

    expect(pendingChanges(await server.engine.vms.get(ADMIN, 'bird'))).toEqual({});
    await expect(act()).rejects.toMatchObject({ reason: 'workload.no_answer' });
    await expect.poll(argvOf, { timeout: 10_000 }).toEqual(BAD.argv);
  });

  it('is there at once with a restart that is asked for with it', async () => {
    await make({ workload: BAD });

    const changed = await change({ workload: GOOD }, { apply: 'restart' });

    expect(pendingChanges(changed)).toEqual({});
    await until('healthy');
  });

  it('is pending no more when it is set as it was', async () => {
    await make({ workload: GOOD, healthCheck: check({ type: 'tcp', port: 80 }) });
    await change({ workload: BAD, healthCheck: check({ type: 'tcp', port: 81 }) });

    const changed = await change({ workload: GOOD });

    // That was given with the other workload, and holds now.
    expect(pendingChanges(changed)).toEqual({});
    await until('unhealthy');
  });

  it('or none at all leaves the one that runs to the next server too, until the next start', async () => {
    await make({ workload: GOOD });
    await expect.poll(argvOf, { timeout: 10_000 }).toEqual(GOOD.argv);

    const changed = await change({ workload: null });
    await server.stop();
    server = await installation.start();

    expect(pendingChanges(changed)).toMatchObject({ workload: { new: null }, health_check: { new: null } });
    expect(await server.engine.workloads.get(ADMIN, 'bird')).toMatchObject({ state: 'running' });
    const { operation } = await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, operation);
    await expect(server.engine.workloads.get(ADMIN, 'bird')).rejects.toMatchObject({ reason: 'workload.none' });
  });

  it('is not begun in a VM that runs without one', async () => {
    await make({});

    const changed = await change({ workload: GOOD });

    expect(pendingChanges(changed)).toHaveProperty('workload');
    await server.stop();
    server = await installation.start();
    expect((await server.engine.executions.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
  });
});

describe('another health check', () => {
  it('holds at once: nobody waits for the next check', async () => {
    await make({ workload: GOOD, healthCheck: check({ type: 'tcp', port: 80 }) });
    await until('healthy');

    const changed = await change({ healthCheck: check({ type: 'tcp', port: 81 }) });

    expect([pendingChanges(changed), needsRestart(changed)]).toEqual([{}, false]);
    await until('unhealthy');
    await change({ healthCheck: check({ type: 'tcp', port: 80 }) });
    await until('healthy');
  });

  it('is there in a VM that had none, and leaves it to its agent when it goes', async () => {
    await make({});
    await until('healthy');

    await change({ healthCheck: check({ type: 'tcp', port: 81 }) });
    await until('unhealthy');

    await change({ healthCheck: null });
    await until('healthy');
    expect((await server.engine.health.get(ADMIN, 'bird')).lastCheck).toBeNull();
  });
});
