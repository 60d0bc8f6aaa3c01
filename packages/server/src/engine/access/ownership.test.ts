import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import { BUILT_IN_ROLES } from '../../domain/principal/roles.ts';
import { userNamed } from '../identity/identity.test-kit.ts';
import { createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { restoredRequest, snapshotRequest } from '../snapshots/snapshots.test-kit.ts';
import { finish, request, soon } from '../vm-life.test-kit.ts';
import { QUICK, startWebhookTrial } from '../webhooks/webhook-trial.test-kit.ts';

const ALICE = principalWith('alice', ...BUILT_IN_ROLES.member);
const BOB = principalWith('bob', ...BUILT_IN_ROLES.member);
const VIEWER = principalWith('vera', ...BUILT_IN_ROLES.viewer);
const PAGE = { limit: 100, after: null };
const COMMAND = { argv: ['echo', 'hi'], env: {}, cwd: '', user: '', hasStdin: false, tty: null, timeoutMs: 0 };
const STAYING = { signal: new AbortController().signal };

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
  for (const [owner, name] of [
    [ALICE, 'dove'],
    [BOB, 'owl'],
  ] as const) {
    await finish(server, (await server.engine.vms.create(owner, request(name))).operation);
  }
});

afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

describe('what is another’s', () => {
  it('is in none of one’s lists, and in those of whoever may see all', async () => {
    const { vms, operations, executions, snapshots, events } = server.engine;
    await executions.start(ALICE, 'dove', COMMAND, STAYING);
    await finish(server, (await snapshots.create(ALICE, 'dove', snapshotRequest('egg'))).operation);
    const seenBy = async (principal: typeof BOB) => ({
      vms: (await vms.list(principal, PAGE)).items.map(({ name }) => name),
      operations: (await operations.list(principal, PAGE)).items.map(({ subject }) => subject.name),
      executions: (await executions.list(principal, PAGE)).items.length,
      snapshots: (await snapshots.list(principal, PAGE)).items.map(({ name }) => name),
      owners: new Set((await events.list(principal, { after: 0, limit: 200 })).map(({ owner }) => owner)),
    });

    expect(await seenBy(BOB)).toEqual({
      vms: ['owl'],
      operations: ['owl'],
      executions: 0,
      snapshots: [],
      owners: new Set(['bob']),
    });
    expect(await seenBy(VIEWER)).toMatchObject({
      vms: ['dove', 'owl'],
      operations: ['egg', 'owl', 'dove'],
      executions: 1,
      snapshots: ['egg'],
      owners: new Set(['alice', 'bob', null]),
    });
  });

  it('is answered like what is not there, whatever is asked of it', async () => {
    const { vms, executions, files, snapshots, operations } = server.engine;
    const made = await snapshots.create(ALICE, 'dove', snapshotRequest('egg'));
    await finish(server, made.operation);
    const { execution } = await executions.start(ALICE, 'dove', { ...COMMAND, argv: ['cat'], hasStdin: true }, STAYING);
    const reads: readonly (readonly [string, (ref: string) => Promise<unknown>])[] = [
      ['get', (ref) => vms.get(BOB, ref)],
      ['wait', (ref) => vms.wait(BOB, ref, { phase: 'running' }, soon)],
      ['start', (ref) => vms.start(BOB, ref, {})],
      ['stop', (ref) => vms.stop(BOB, ref, { graceMs: 0 })],
      ['pause', (ref) => vms.pause(BOB, ref, {})],
      ['suspend', (ref) => vms.suspend(BOB, ref, {})],
      ['restart', (ref) => vms.restart(BOB, ref, { graceMs: 0 })],
      ['delete', (ref) => vms.delete(BOB, ref, {})],
      ['update', (ref) => vms.update(BOB, ref, { autoWake: false }, {})],
      ['console', (ref) => vms.readConsole(BOB, ref, { offset: 0, follow: false, ...STAYING })],
      ['exec', (ref) => executions.start(BOB, ref, COMMAND, STAYING)],
      ['files', (ref) => files.stat(BOB, ref, '/etc/passwd', STAYING)],
      ['snapshot', (ref) => snapshots.create(BOB, ref, snapshotRequest('mine'))],
      ['fork', (ref) => snapshots.fork(BOB, ref, { count: 1, names: null, namePrefix: null, labels: {} })],
    ];
    const answers = async (ref: string) =>
      await Promise.all(reads.map(async ([name, ask]) => [name, await ask(ref).catch(toReason)]));

    expect(await answers('dove')).toEqual(await answers('nobody'));
    expect(await answers((await vms.get(ALICE, 'dove')).id)).toEqual(await answers('nobody'));
    expect(await snapshots.get(BOB, 'egg').catch(toReason)).toBe('snapshot.unknown');
    expect(await snapshots.delete(BOB, 'egg').catch(toReason)).toBe('snapshot.unknown');
    expect(await snapshots.createVm(BOB, 'egg', restoredRequest('chick')).catch(toReason)).toBe('snapshot.unknown');
    expect(await snapshots.restore(BOB, 'owl', { snapshot: 'egg' }).catch(toReason)).toBe('snapshot.unknown');
    expect(await operations.get(BOB, made.operation.id).catch(toReason)).toBe('operation.unknown');
    expect(await executions.get(BOB, execution.id).catch(toReason)).toBe('execution.unknown');
    expect(await executions.signal(BOB, execution.id, 'SIGKILL').catch(toReason)).toBe('execution.unknown');
    expect(await executions.cancel(BOB, execution.id, { graceMs: 0, ...STAYING }).catch(toReason)).toBe(
      'execution.unknown',
    );
    expect(await vms.get(ALICE, 'dove')).toMatchObject({ status: { phase: 'running' } });
  });

  it('may be looked at by whoever may see all, and is refused to them by the name of what they lack', async () => {
    const { vms } = server.engine;

    expect(await vms.get(VIEWER, 'dove')).toMatchObject({ owner: 'alice' });
    await expect(vms.delete(VIEWER, 'dove', {})).rejects.toMatchObject({
      code: 'permission_denied',
      reason: 'access.denied',
      details: { required_permission: 'vm:delete' },
    });
    await expect(vms.create(VIEWER, request('mine'))).rejects.toMatchObject({
      details: { required_permission: 'vm:create' },
    });
  });

  it('stays its owner’s whoever changes it: they see the operation, and the events', async () => {
    const { vms, operations, events } = server.engine;

    const { operation } = await vms.stop(ADMIN, 'dove', { graceMs: 0 });
    await finish(server, operation);

    expect(await operations.get(ALICE, operation.id)).toMatchObject({ principal: 'admin', owner: 'alice' });
    const told = await events.list(ALICE, { after: 0, limit: 200 });
    expect(told.map(({ type }) => type)).toContain('vm.stopped');
    await expect(operations.get(BOB, operation.id)).rejects.toMatchObject({ reason: 'operation.unknown' });
  });

  it('is not told to who follows the events', async () => {
    const { vms, events } = server.engine;
    const stop = new AbortController();
    const feed = await events.follow(BOB, { after: 0, signal: stop.signal });
    await finish(server, (await vms.stop(ALICE, 'dove', { graceMs: 0 })).operation);
    const last = await vms.stop(BOB, 'owl', { graceMs: 0 });
    await finish(server, last.operation);

    const owners = new Set<string | null>();
    for await (const page of feed) {
      for (const event of page) owners.add(event.owner);
      if (page.some(({ type }) => type === 'vm.stopped')) break;
    }
    stop.abort();

    expect(owners).toEqual(new Set(['bob']));
  });
});

describe('a webhook of who may see only what is their own', () => {
  it('is told of that alone, and of nothing else again', async () => {
    await using trial = await startWebhookTrial(QUICK);
    const { engine } = trial.server;
    const settings = { types: null, vm: null, secret: null, description: '', labels: {}, isEnabled: true };
    const asked = { url: trial.receiver.url, ...settings };
    await engine.users.create(ADMIN, userNamed('alice'));
    const { webhook } = await engine.webhooks.create(ALICE, asked, STAYING);
    await finish(trial.server, (await engine.vms.create(BOB, request('owl', {}, false))).operation);
    await finish(trial.server, (await engine.vms.create(ALICE, request('dove', {}, false))).operation);
    await trial.until(webhook, { cursor: (await trial.server.store.events.bounds()).last });

    const told: readonly { owner: string }[] = trial.receiver.received.map(({ body }) => JSON.parse(body));
    expect(new Set(told.map(({ owner }) => owner))).toEqual(new Set(['alice']));
    const [ofBob] = await engine.events.list(BOB, { after: 0, limit: 1 });
    const again = { kind: 'sequences', sequences: [ofBob?.sequence ?? 0] } as const;
    await expect(engine.webhooks.replay(ALICE, webhook.id, again)).rejects.toMatchObject({ reason: 'events.unknown' });
  });

  it('that is told of more is not led elsewhere by them', async () => {
    await using trial = await startWebhookTrial(QUICK);
    const { webhooks } = trial.server.engine;
    const hook = await trial.add({ isEnabled: false });
    const gardener = principalWith('gardener', 'webhook:*', 'event:read@own');
    const denied = expect.objectContaining({ details: { required_permission: 'event:read' } });

    await expect(webhooks.update(gardener, hook.id, { url: trial.receiver.url }, STAYING)).rejects.toEqual(denied);
    await expect(webhooks.replay(gardener, hook.id, { kind: 'after', sequence: 0 })).rejects.toEqual(denied);
    await expect(webhooks.deliveries(gardener, hook.id, PAGE)).rejects.toEqual(denied);
  });
});

function toReason(error: unknown): string {
  if (error instanceof VolaryError) return error.reason;
  throw error;
}
