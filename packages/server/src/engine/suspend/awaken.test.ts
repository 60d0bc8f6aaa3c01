import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { dyingAt, get, tell, told } from '../snapshots/snapshots.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';

let installation: Installation;

beforeEach(() => {
  installation = createInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const ECHO = { argv: ['echo', 'hi'], env: {}, cwd: '', user: '', hasStdin: false, tty: null, timeoutMs: 0 };

async function suspended(server: TestServer, labels: Record<string, string> = {}): Promise<void> {
  await create(server, 'bird', labels);
  await tell(server, 'bird', 'here');
  await finish(server, (await server.engine.vms.suspend(ADMIN, 'bird', {})).operation);
}

async function echo(server: TestServer): Promise<string> {
  const session = await server.engine.executions.start(ADMIN, 'bird', ECHO, soon);
  let said = '';
  for await (const update of session.updates)
    if (update.kind === 'output') said += new TextDecoder().decode(update.bytes);
  return said;
}

async function wakings(server: TestServer): Promise<readonly unknown[]> {
  const events = await server.engine.events.list(ADMIN, { after: null, limit: 200, types: ['vm.resuming'] });
  return events.map(({ data }) => data['used_by']);
}

describe('a suspended VM', () => {
  it('is woken by a command, which runs in it', async () => {
    const server = await installation.start();
    await suspended(server);

    expect(await echo(server)).toBe('hi\n');

    expect(await get(server, 'bird')).toMatchObject({ status: { phase: 'running' }, incarnation: 1 });
    expect(await wakings(server)).toEqual(['exec']);
  });

  it('is woken by an access to its files', async () => {
    const server = await installation.start();
    await suspended(server);

    expect(await told(server, 'bird')).toBe('here');
    expect(await wakings(server)).toEqual(['files']);
  });

  it('is woken by whoever follows its console, not by whoever reads what is kept of it or may only read', async () => {
    const server = await installation.start();
    const { vms } = server.engine;
    await suspended(server);
    const options = { offset: 0, follow: false, signal: soon.signal };
    for await (const _ of await vms.readConsole(ADMIN, 'bird', options)) break;
    const reader = principalWith('admin', 'vm:read');
    for await (const _ of await vms.readConsole(reader, 'bird', { ...options, follow: true })) break;
    expect((await get(server, 'bird')).status.phase).toBe('suspended');

    for await (const _ of await vms.readConsole(ADMIN, 'bird', { ...options, follow: true })) break;

    expect(await wakings(server)).toEqual(['console']);
  });

  it('is woken once for all who come at the same time', async () => {
    const server = await installation.start();
    await suspended(server);

    expect(await Promise.all([echo(server), echo(server), echo(server), told(server, 'bird')])).toEqual([
      'hi\n',
      'hi\n',
      'hi\n',
      'here',
    ]);

    expect(await wakings(server)).toHaveLength(1);
  });

  it('is woken by what comes while it goes to sleep, when that is over', async () => {
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const server = await installation.start((driver) => ({
      ...driver,
      async suspendMachine(vmId, options) {
        held.resolve();
        await release.promise;
        await driver.suspendMachine(vmId, options);
      },
    }));
    await create(server, 'bird');
    const { operation } = await server.engine.vms.suspend(ADMIN, 'bird', {});
    await held.promise;

    const saying = echo(server);
    release.resolve();

    expect(await saying).toBe('hi\n');
    expect((await finish(server, operation)).state).toBe('succeeded');
  });

  it('that is not to be woken says so', async () => {
    const server = await installation.start();
    const made = await server.engine.vms.create(ADMIN, { ...request('bird'), spec: { autoWake: false } });
    await finish(server, made.operation);
    await finish(server, (await server.engine.vms.suspend(ADMIN, 'bird', {})).operation);

    await expect(echo(server)).rejects.toMatchObject({ code: 'failed_precondition', reason: 'vm.suspended' });

    await server.engine.vms.update(ADMIN, 'bird', { autoWake: true }, {});
    expect(await echo(server)).toBe('hi\n');
  });

  it('that cannot be woken tells whoever came why', async () => {
    const server = await installation.start();
    await suspended(server, { 'simulate.wake_error': 'data_loss:1' });

    await expect(echo(server)).rejects.toMatchObject({ code: 'data_loss' });
    expect(await echo(server)).toBe('hi\n');
  });

  it('is woken for a command by the next server, too', async () => {
    const died = Promise.withResolvers<void>();
    const first = await installation.start((driver) =>
      dyingAt(driver, { deed: 'wakeMachine', when: 'before' }, died.resolve),
    );
    await suspended(first);
    const asked = echo(first).catch((error: unknown) => error);
    await died.promise;
    await first.stop();
    await asked;

    const second = await installation.start();

    expect(await echo(second)).toBe('hi\n');
  });
});
