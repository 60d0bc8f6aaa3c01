import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RestartPolicy } from '../domain/vm/restarts.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { create, finish, request, soon } from './vm-life.test-kit.ts';

let installation: Installation;
beforeEach(() => {
  installation = createInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

describe('a machine that ends by itself', () => {
  it.each([
    ['powered-off', 'stopped'],
    ['panicked', 'failed'],
    ['io-error', 'failed'],
    ['vmm-died', 'failed'],
  ])('(%s) leaves the VM %s, and it can be started again', async (cause, phase) => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.ends': cause, 'simulate.ends_after_ms': '50' });
    const ended = phase === 'stopped' ? 'stopped' : 'failed';
    const vm = await server.engine.vms.wait(ADMIN, 'bird', { phase: ended }, soon);

    expect(vm?.status.phase).toBe(phase);
    const { operation } = await server.engine.vms.start(ADMIN, 'bird', {});
    expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
  });

  it('by a reboot begins its next life', async () => {
    const server = await installation.start();
    await create(server, 'bird', { 'simulate.ends': 'rebooted', 'simulate.ends_after_ms': '50' });
    const vm = await server.engine.vms.wait(ADMIN, 'bird', { phase: 'running', incarnation: 2 }, soon);

    expect(vm?.incarnation).toBeGreaterThanOrEqual(2);
  });
});

describe('the restart policy', () => {
  async function createEnding(server: TestServer, restartPolicy: RestartPolicy, cause: string): Promise<void> {
    const { spec, ...rest } = request('bird', { 'simulate.ends': cause, 'simulate.ends_after_ms': '50' });
    const { operation } = await server.engine.vms.create(ADMIN, { ...rest, spec: { ...spec, restartPolicy } });
    await finish(server, operation);
  }

  it.each([
    ['always', 'powered-off', 'vm.stopped'],
    ['always', 'vmm-died', 'vm.failed'],
    ['on-failure', 'panicked', 'vm.failed'],
  ] as const)('%s begins the next life after the machine has %s', async (policy, cause, told) => {
    const server = await installation.start();
    await createEnding(server, policy, cause);
    const vm = await server.engine.vms.wait(ADMIN, 'bird', { phase: 'running', incarnation: 2 }, soon);

    expect(vm).toMatchObject({ incarnation: 2, restarts: { count: 1, at: null } });
    const events = await server.engine.events.list(ADMIN, { after: 0, limit: 100 });
    const ended = events.findIndex(({ type }) => type === told);
    expect(events[ended]?.data).toMatchObject({ restart_in_ms: 1_000, restart_count: 1 });
    expect(events.slice(ended).map(({ type }) => type)).toContain('vm.restarting');
    expect(events.find(({ type }) => type === 'vm.restarting')?.data).toMatchObject({ cause: 'restart-policy' });
  });

  it('on-failure leaves a guest that powered off alone', async () => {
    const server = await installation.start();
    await createEnding(server, 'on-failure', 'powered-off');

    expect(await server.engine.vms.wait(ADMIN, 'bird', { phase: 'stopped' }, soon)).toMatchObject({
      desired: { power: 'stopped' },
      restarts: { count: 0, at: null },
    });
  });

  it('is heeded by the next server, and given up for what somebody asks for', async () => {
    const first = await installation.start();
    await createEnding(first, 'always', 'panicked');
    expect(await first.engine.vms.wait(ADMIN, 'bird', { phase: 'failed' }, soon)).toMatchObject({
      restarts: { count: 1, at: expect.any(Number) },
    });
    await first.stop();

    const second = await installation.start();
    await second.engine.vms.wait(ADMIN, 'bird', { phase: 'running', incarnation: 2 }, soon);
    await second.engine.vms.wait(ADMIN, 'bird', { phase: 'failed' }, soon);
    await finish(second, (await second.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);

    expect(await second.engine.vms.get(ADMIN, 'bird')).toMatchObject({
      status: { phase: 'stopped' },
      restarts: { count: 0, at: null },
    });
  });
});
