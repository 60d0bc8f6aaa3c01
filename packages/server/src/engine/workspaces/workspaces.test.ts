import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { WorkspaceStatus } from '../../domain/workspace/status.ts';
import { ownVmName } from '../../domain/workspace/workspace.ts';
import type { CreateWorkspaceRequest, SeenWorkspace } from '../apis/workspace-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';

const ANN = principalWith('ann', '*@own');
const BOB = principalWith('bob', 'workspace:*@own', 'vm:*@own');

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation({ settings: { workspacesMs: 100, expiryMs: 50 } });
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

type Change = Partial<Omit<CreateWorkspaceRequest, 'vm'>> & { readonly vm?: Partial<CreateWorkspaceRequest['vm']> };

function request({ vm, ...change }: Change = {}): CreateWorkspaceRequest {
  const small = { spec: { memoryMib: 128, diskGib: 1 }, warmStart: 'auto' } as const;
  const nothing = { labels: {}, metadata: {}, repository: null, prepSteps: [] };
  return { name: 'desk', ...nothing, ...change, vm: { ...small, ...vm } };
}

async function make(change: Change = {}, principal = ANN): Promise<SeenWorkspace> {
  return await server.engine.workspaces.create(principal, request(change));
}

async function until(status: WorkspaceStatus | 'settled' | 'absent', ref = 'desk'): Promise<SeenWorkspace> {
  const seen = await server.engine.workspaces.wait(ANN, ref, status, soon);
  if (seen === null) throw new Error('it is gone');
  return seen;
}

async function untilGone(ref: string): Promise<void> {
  expect(await server.engine.workspaces.wait(ADMIN, ref, 'absent', soon)).toBeNull();
}

async function typesOf(prefix: string): Promise<readonly string[]> {
  const events = await server.store.events.list({ after: 0, limit: 1_000 });
  return events.map(({ type }) => type).filter((type) => type.startsWith(prefix));
}

async function executions(): Promise<readonly Execution[]> {
  return (await server.engine.executions.list(ADMIN, { limit: 50, after: null })).items.toReversed();
}

const letGo = (ref = 'desk'): Promise<unknown> => server.engine.files.makeDirectory(ADMIN, ref, '/go', soon);

async function readText(path: string, ref = 'desk'): Promise<string> {
  const { content } = await server.engine.files.read(ADMIN, ref, path, soon);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const CLONE = { url: 'https://example.com/acme/shop' };

describe('a workspace', () => {
  it('is a VM of its owner, is set up in order by executions that anybody can read, and then runs', async () => {
    const made = await make({
      repository: CLONE,
      prepSteps: [{ command: 'echo one >> /root/log' }, { command: 'pwd; echo $COLOUR' }],
      vm: { spec: { memoryMib: 128, diskGib: 1, environment: { COLOUR: 'blue' } } },
      metadata: { of: 'shop' },
    });
    expect(made).toMatchObject({ status: 'creating', message: null, machineName: null });

    const { workspace, vm } = await until('running');

    expect(vm).toMatchObject({ name: 'desk', owner: 'ann', labels: { 'volary.workspace': 'desk' } });
    expect(vm.spec.autoSuspend).toEqual({ idleSeconds: 1_800, cpuBelowPercent: 5 });
    expect(workspace).toMatchObject({ metadata: { of: 'shop' }, setup: { state: 'done', message: null } });
    const run = await executions();
    expect(run.map(({ request: { argv } }) => argv[2]?.split('\n')[0])).toEqual([
      'set -eu',
      'echo one >> /root/log',
      'pwd; echo $COLOUR',
    ]);
    expect(run).toMatchObject(run.map(() => ({ state: 'exited', exitCode: 0, principal: 'system', owner: 'ann' })));
    const output = await server.store.executions.readOutput(run[2]?.id ?? never(), 'stdout', 0, 100);
    expect(Buffer.from(output).toString()).toBe('/workspace/shop\nblue\n');
    expect(await typesOf('workspace.')).toEqual([
      'workspace.created',
      ...[1, 2, 3].flatMap(() => ['workspace.step_started', 'workspace.step_completed']),
      'workspace.ready',
    ]);
  });

  it('has its own name for its VM, or one made of it when that is taken', async () => {
    await create(server, 'desk');
    const { workspace, vm } = await make();
    await make({ name: 'desk' }, BOB);

    expect(vm.name).toBe(ownVmName(workspace));
    await expect(make()).rejects.toMatchObject({ reason: 'workspace.name_taken' });
    expect((await server.engine.workspaces.get(BOB, 'desk')).workspace.owner).toBe('bob');
    await expect(server.engine.workspaces.get(BOB, workspace.id)).rejects.toMatchObject({
      reason: 'workspace.unknown',
    });
    await expect(server.engine.workspaces.delete(BOB, workspace.id)).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(server.engine.workspaces.get(ADMIN, 'desk')).rejects.toMatchObject({
      reason: 'workspace.ambiguous_name',
    });
  });

  it('goes with its VM, whoever deletes which, and its name can be used at once', async () => {
    const first = await make();
    await until('running');
    expect(await server.engine.workspaces.delete(ANN, 'desk')).toMatchObject({ status: 'deleting' });
    const again = await server.engine.workspaces.delete(ANN, first.workspace.id);
    expect(again.status).toBe('deleting');
    const second = await make();
    await untilGone(first.workspace.id);
    await until('running');
    await finish(server, (await server.engine.vms.delete(ANN, second.vm.id, {})).operation);

    await expect(server.engine.workspaces.get(ANN, 'desk')).rejects.toMatchObject({ reason: 'workspace.unknown' });
    expect(await server.store.vms.list({ limit: 9, after: null })).toEqual([]);
    expect(await server.store.workspaces.list({ limit: 9, after: null })).toEqual([]);
    expect(await typesOf('workspace.deleted')).toHaveLength(2);
    expect([...installation.world.vms.keys()]).toEqual([]);
  });

  it('is deleted from the middle of its setup, with nothing left of it', async () => {
    const { workspace } = await make({ repository: { url: 'https://example.com/wait' } });
    await expect.poll(() => typesOf('workspace.step')).toHaveLength(1);
    await server.engine.workspaces.delete(ANN, 'desk');
    await untilGone(workspace.id);

    expect(await executions()).toEqual([]);
    expect(await typesOf('workspace.ready')).toEqual([]);
  });
});

describe('what cannot be', () => {
  it('is refused as a whole, saying what there is', async () => {
    await expect(make({ provider: 'xen' })).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'workspace.unknown_provider',
      details: { allowed: ['simulated'] },
    });
    await expect(make({ vm: { template: 'nothing' } })).rejects.toMatchObject({ reason: 'template.unknown' });
    await expect(make({ name: 'Desk' })).rejects.toMatchObject({ reason: 'workspace.invalid_name' });
    await expect(make({ repository: { url: 'file:///etc' } })).rejects.toMatchObject({
      reason: 'workspace.invalid_repository',
    });
    await expect(make({}, principalWith('eve', 'vm:*'))).rejects.toMatchObject({ reason: 'access.denied' });

    expect(await server.store.workspaces.list({ limit: 9, after: null })).toEqual([]);
    expect(await server.store.vms.list({ limit: 9, after: null })).toEqual([]);
  });

  it('is a machine that does not start: the workspace says why, and goes when it is deleted', async () => {
    const { workspace } = await make({ labels: { 'simulate.start_error': 'failed_precondition' } });
    const failed = await until('settled');

    expect(failed).toMatchObject({ status: 'failed', message: 'This call was told to fail: start.' });
    await server.engine.workspaces.delete(ANN, 'desk');
    await untilGone(workspace.id);
    expect([...installation.world.vms.keys()]).toEqual([]);
  });

  it('is a repository that is not there: its last words are told without secrets, and its VM can be looked into', async () => {
    await server.engine.secrets.create(ANN, {
      name: 'GIT_TOKEN',
      value: Buffer.from('t0psecret'),
      description: '',
      labels: {},
    });
    await make({
      repository: { url: 'https://example.com/acme/missing' },
      prepSteps: [{ command: 'touch /root/never' }],
      vm: { secrets: [{ ref: 'GIT_TOKEN', env: null, file: null }] },
    });
    const { status, message, workspace } = await until('settled');

    expect(status).toBe('failed');
    expect(message).toBe(
      "git clone https://example.com/acme/missing failed with exit code 128: fatal: 'https://example.com/acme/missing' not found, with ***",
    );
    expect(workspace.setup.steps.map(({ state }) => state)).toEqual(['failed', 'waiting']);
    expect(JSON.stringify(await executions())).not.toContain('t0psecret');
    await server.engine.files.makeDirectory(ANN, 'desk', '/looked', soon);
    await expect(server.engine.workspaces.wait(ANN, 'desk', 'running', soon)).rejects.toMatchObject({
      reason: 'workspace.failed',
    });
    await server.engine.workspaces.delete(ANN, 'desk');
    await untilGone(workspace.id);
  });

  it.each([
    ['echo out; echo why >&2; exit 3', 1, /failed with exit code 3: why$/],
    ['echo only; false', 1, /failed with exit code 1: only$/],
    ['sleep 600', 1, /^sleep 600 was ended after 1 s\.$/],
  ])('is a prep step that fails: %s', async (command, timeoutSeconds, message) => {
    await make({ prepSteps: [{ command, timeoutSeconds }, { command: 'touch /root/never' }] });

    expect((await until('settled')).message).toMatch(message);
    expect(await executions()).toHaveLength(1);
  });
});

describe('a provider that does not answer', () => {
  it('is told after a while, and all goes on when it does', async () => {
    await server.stop();
    await installation[Symbol.asyncDispose]();
    const clock = createManualClock();
    installation = createInstallation({ clock, settings: { workspacesMs: 1_000 } });
    let isSilent = true;
    server = await installation.start((driver) => ({
      ...driver,
      inspect: async (...asked) => {
        if (isSilent)
          throw new VolaryError('unavailable', 'The engine is away.', { reason: 'driver.engine_unreachable' });
        return await driver.inspect(...asked);
      },
    }));
    const { workspace } = await make();
    const statusNow = async (): Promise<string> => {
      await clock.advance(1_000);
      return (await server.engine.workspaces.get(ANN, workspace.id)).status;
    };

    await expect.poll(statusNow, { timeout: 20_000 }).toBe('failed');
    const { message } = await server.engine.workspaces.get(ANN, 'desk');
    expect(message).toBe('The engine is away.');
    isSilent = false;
    await expect.poll(statusNow, { timeout: 20_000 }).toBe('running');
    expect((await server.engine.workspaces.get(ANN, 'desk')).message).toBeNull();
    expect(await typesOf('workspace.')).toEqual(['workspace.created', 'workspace.failed', 'workspace.ready']);
  });
});

describe('the time of a workspace', () => {
  it('is extended, and never made shorter by that', async () => {
    const { vm } = await make({ lifetime: { ttlSeconds: 100 } });
    const { workspaces } = server.engine;
    const extended = await workspaces.extend(ANN, 'desk', { ttlSeconds: 1_000 });

    expect(extended.workspace.ttlSeconds).toBe(1_000);
    expect((extended.vm.expiry?.at ?? 0) - (vm.expiry?.at ?? 0)).toBeGreaterThanOrEqual(900_000);
    await expect(workspaces.extend(ANN, 'desk', { ttlSeconds: 10 })).rejects.toMatchObject({
      reason: 'workspace.not_longer',
      details: { expires_at: expect.any(String) },
    });
    const changed = await workspaces.update(ANN, 'desk', { lifetime: null, labels: { team: 'a' } });
    expect(changed).toMatchObject({ vm: { expiry: null }, workspace: { ttlSeconds: null, labels: { team: 'a' } } });
    await expect(workspaces.extend(ANN, 'desk', { ttlSeconds: 10 })).rejects.toMatchObject({
      reason: 'workspace.not_longer',
    });
    const seen = { id: vm.id, version: 1 };
    await expect(workspaces.update(ANN, 'desk', { labels: {} }, { ifStill: [seen] })).rejects.toMatchObject({
      reason: 'workspace.changed',
    });
    expect(await typesOf('workspace.')).toEqual(
      expect.arrayContaining(['workspace.created', 'workspace.extended', 'workspace.updated']),
    );
  });

  it('is as long as the server lets it be', async () => {
    await server.stop();
    await installation[Symbol.asyncDispose]();
    installation = createInstallation({ workspaces: { maxTtlSeconds: 60, idleSuspendSeconds: 0 } });
    server = await installation.start();
    const { vm } = await make();

    expect(vm.expiry?.at).toBe(vm.createdAt + 60_000);
    expect(vm.spec.autoSuspend).toBeNull();
    const tooLong = { reason: 'workspace.ttl_too_long', details: { maximum: 60 } };
    await expect(make({ name: 'b', lifetime: { ttlSeconds: 61 } })).rejects.toMatchObject(tooLong);
    await expect(server.engine.workspaces.extend(ANN, 'desk', { ttlSeconds: 61 })).rejects.toMatchObject(tooLong);
    await expect(server.engine.workspaces.update(ANN, 'desk', { lifetime: null })).rejects.toMatchObject(tooLong);
  });

  it('ends by itself, with everything', async () => {
    const { workspace } = await make({ lifetime: { ttlSeconds: 1 } });
    await untilGone(workspace.id);

    expect([...installation.world.vms.keys()]).toEqual([]);
    expect(await typesOf('vm.expired')).toHaveLength(1);
    expect(await typesOf('workspace.delet')).toEqual(['workspace.deleting', 'workspace.deleted']);
  });
});

describe('a server that stops in the middle', () => {
  it('leaves a clone that the next one follows, and does not begin again', async () => {
    await make({ repository: { url: 'https://example.com/wait' }, prepSteps: [{ command: 'echo done >> /root/log' }] });
    await expect.poll(() => typesOf('workspace.step')).toHaveLength(1);
    await server.stop();
    server = await installation.start();
    await letGo();
    await until('running');

    expect(await executions()).toHaveLength(2);
    expect(await readText('/var/log/clones')).toBe('https://example.com/wait\n');
    expect(await readText('/root/log')).toBe('done\n');
  });

  it('leaves a clone whose machine ended meanwhile to be begun anew, and a prep step never', async () => {
    await make({ repository: { url: 'https://example.com/wait' }, prepSteps: [{ command: 'sleep 600' }] });
    await expect.poll(() => typesOf('workspace.step')).toHaveLength(1);
    await finish(server, (await server.engine.vms.restart(ANN, 'desk', { graceMs: 0 })).operation);
    await expect.poll(() => typesOf('workspace.step')).toHaveLength(2);
    await letGo();
    await expect.poll(() => typesOf('workspace.step')).toHaveLength(4);
    await finish(server, (await server.engine.vms.restart(ANN, 'desk', { graceMs: 0 })).operation);

    const { message, workspace } = await until('settled');
    expect(message).toBe('sleep 600 was cut off: its machine ended under it.');
    expect(workspace.setup.steps.map(({ tries }) => tries)).toEqual([2, 1]);
  });
});

function never(): never {
  throw new Error('that is not there');
}
