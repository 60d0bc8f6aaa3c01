import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { AutoSuspend } from '../../domain/vm/auto-suspend.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { get } from '../snapshots/snapshots.test-kit.ts';
import { finish, soon } from '../vm-life.test-kit.ts';

/* Idle times are what they are, at least ten seconds: the watch is given a clock that counts faster than it waits. */

const AFTER_TEN: AutoSuspend = { idleSeconds: 10, cpuBelowPercent: 5 };
let installation: Installation;

beforeEach(() => {
  installation = createInstallation({ settings: { idleMs: 20 }, clock: hurriedClock() });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** A clock that counts twenty times as fast as it waits. */
function hurriedClock() {
  const system = createSystemClock();
  return { ...system, monotonicMs: () => system.monotonicMs() * 20 };
}

async function create(
  server: TestServer,
  labels: Record<string, string> = {},
  autoSuspend: AutoSuspend = AFTER_TEN,
): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name: 'bird', spec: { autoSuspend }, labels, metadata: {}, start: true, warmStart: 'auto' },
  });
  await finish(server, operation);
}

describe('a VM that is to be suspended when it is idle', () => {
  it('is, and says why', async () => {
    const server = await installation.start();
    await create(server);

    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);

    const { suspension } = await get(server, 'bird');
    expect(suspension).toMatchObject({ reason: 'idle' });
    expect(suspension?.message).toMatch(
      /^Idle for 1[0-9] s: no commands, no streams, (network traffic not measured|no network traffic), at most 0\.0 % of a processor \(below 5 %\)\.$/,
    );
    const [event] = await server.engine.events.list(ADMIN, { after: null, limit: 9, types: ['vm.suspended'] });
    expect(event?.data).toMatchObject({ reason: 'idle', message: suspension?.message });
    expect((await server.engine.operations.list(ADMIN, { limit: 1, after: null })).items[0]).toMatchObject({
      kind: 'vm.suspend',
      principal: 'system',
    });
  });

  it('is not while its processors are busy', async () => {
    const server = await installation.start();
    await create(server, { 'simulate.cpu_percent': '50', 'simulate.network': 'offline' });

    await expect(
      server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ reason: 'vm.wait_timeout' });

    await server.engine.vms.update(ADMIN, 'bird', { autoSuspend: { ...AFTER_TEN, cpuBelowPercent: 60 } }, {});
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);
  });

  it('is not while it sends something to its networks, as its host has counted where its agent does not tell', async () => {
    const away = new VolaryError('unavailable', 'It is away.', { reason: 'guest.link_lost' });
    const server = await installation.start((driver) => ({
      ...driver,
      async openLink(vmId, options) {
        return Object.assign(await driver.openLink(vmId, options), { stats: () => Promise.reject(away) });
      },
    }));
    await create(server, { 'simulate.cpu_percent': '50' });
    const settings = { idleSeconds: 60, cpuBelowPercent: 60 };
    await server.engine.vms.update(ADMIN, 'bird', { autoSuspend: settings }, {});

    await expect(
      server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 120_000 }),
    ).rejects.toMatchObject({ reason: 'vm.wait_timeout' });
  });

  it('is not while it sends something to its networks', async () => {
    const server = await installation.start();
    await create(server, { 'simulate.cpu_percent': '50' });
    // Long enough that its agent has told of it before.
    const settings = { idleSeconds: 60, cpuBelowPercent: 60 };
    await server.engine.vms.update(ADMIN, 'bird', { autoSuspend: settings }, {});

    await expect(
      server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 120_000 }),
    ).rejects.toMatchObject({ reason: 'vm.wait_timeout' });
  });

  it('is though it is measured that it sends nothing', async () => {
    const server = await installation.start();
    await create(server, {}, { ...AFTER_TEN, idleSeconds: 60 });

    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 200_000 });

    expect((await get(server, 'bird')).suspension?.message).toContain('no network traffic, ');
  });

  it('is not while a command runs in it', async () => {
    const server = await installation.start();
    await create(server);
    const command = { argv: ['sleep', '1.5'], env: {}, cwd: '', user: '', hasStdin: false, tty: null, timeoutMs: 0 };
    const { execution, updates } = await server.engine.executions.start(ADMIN, 'bird', command, soon);

    for await (const _ of updates) expect((await get(server, 'bird')).status.phase).toBe('running');

    expect((await server.engine.executions.get(ADMIN, execution.id)).state).toBe('exited');
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);
  });

  it('is not while somebody follows its console', async () => {
    const server = await installation.start();
    await create(server);
    const options = { offset: 0, follow: true, signal: soon.signal };
    const console = (await server.engine.vms.readConsole(ADMIN, 'bird', options))[Symbol.asyncIterator]();
    await console.next();

    await expect(
      server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ reason: 'vm.wait_timeout' });

    await console.return?.();
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);
  });

  it('is not while somebody is connected to a port of it', async () => {
    const server = await installation.start();
    await create(server);
    const connection = await server.engine.ports.connect(ADMIN, 'bird', 7, soon);

    await expect(
      server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ reason: 'vm.wait_timeout' });

    await connection[Symbol.asyncDispose]();
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);
  });

  it('goes on when it is used, and sleeps again', async () => {
    const server = await installation.start();
    await create(server);
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);

    await server.engine.files.list(ADMIN, 'bird', '/', { ...soon, limit: 10 });
    expect((await get(server, 'bird')).suspension).toBeNull();

    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);
    expect((await get(server, 'bird')).incarnation).toBe(1);
  });

  it('is not any more when that is taken back', async () => {
    const server = await installation.start();
    await create(server);

    await server.engine.vms.update(ADMIN, 'bird', { autoSuspend: null }, {});

    await expect(
      server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, { ...soon, timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ reason: 'vm.wait_timeout' });
  });
});
