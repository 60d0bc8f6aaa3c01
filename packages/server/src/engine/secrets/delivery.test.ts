import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { acceptedOf, forkRequest, get, restoredRequest, save } from '../snapshots/snapshots.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { createWarmHost, createWarmInstallation } from '../warm/warm-host.test-kit.ts';
import {
  bytes,
  createGiven,
  environment,
  fileGrant,
  files,
  grant,
  keep,
  NEXT_VALUE,
  run,
  VALUE,
} from './secrets.test-kit.ts';

const OPERATOR = principalWith('operator', '*');

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function set(name: string, value: string | Uint8Array = NEXT_VALUE): Promise<void> {
  await server.engine.secrets.set(ADMIN, name, { value: typeof value === 'string' ? bytes(value) : value });
}

async function restart(vm: string) {
  return await finish(server, (await server.engine.vms.restart(ADMIN, vm, { graceMs: 0 })).operation);
}

async function suspend(vm: string): Promise<void> {
  await finish(server, (await server.engine.vms.suspend(ADMIN, vm, {})).operation);
}

async function resume(vm: string) {
  return await finish(server, (await server.engine.vms.resume(ADMIN, vm, {})).operation);
}

describe('a VM that is given secrets', () => {
  it('has them as variables of its commands and as files, as soon as it runs', async () => {
    await keep(server, 'TOKEN');
    await keep(server, 'CERT', 'a certificate');

    const made = await createGiven(server, 'bird', [
      grant('TOKEN'),
      grant('CERT', { env: 'TLS_CERT', file: { path: '/run/secrets/cert.pem', mode: 0o444 } }),
    ]);

    expect(made.state).toBe('succeeded');
    expect(await environment(server, 'bird')).toMatchObject({ TOKEN: VALUE, TLS_CERT: 'a certificate' });
    expect(await files(server, 'bird')).toEqual({ 'cert.pem': { mode: 0o444, content: 'a certificate' } });
    expect((await get(server, 'bird')).secrets).toMatchObject([
      { name: 'TOKEN', env: 'TOKEN', file: null },
      { name: 'CERT', env: 'TLS_CERT', file: { path: '/run/secrets/cert.pem', mode: 0o444 } },
    ]);
  });

  it('has a directory for root alone, unless a file in it is for others', async () => {
    await keep(server, 'TOKEN');
    const modeOf = async (vm: string) =>
      (await server.engine.files.stat(ADMIN, vm, '/run/secrets', soon)).mode & 0o7777;

    await createGiven(server, 'closed', [fileGrant('TOKEN')]);
    await createGiven(server, 'open', [fileGrant('TOKEN', 'token', 0o444)]);

    expect([await modeOf('closed'), await modeOf('open')]).toEqual([0o700, 0o711]);
  });

  it('prefers what a command itself brings', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN')]);

    expect(await environment(server, 'bird', { TOKEN: 'mine', MORE: 'x' })).toMatchObject({ TOKEN: 'mine', MORE: 'x' });
  });

  it('leaves nothing of them in the database, events, operations and executions', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN'), fileGrant('TOKEN')]);
    await run(server, 'bird', ['true']);
    await save(server, 'bird', 'saved');

    const { engine } = server;
    const { items } = await engine.executions.list(ADMIN, { limit: 1, after: null });
    expect(items[0]?.request.env).toEqual({});
    const told = await engine.events.list(ADMIN, { after: null, limit: 500 });
    const operations = await engine.operations.list(ADMIN, { limit: 100, after: null });
    const snapshot = await engine.snapshots.get(ADMIN, 'saved');
    const shown = [told, operations, await engine.vms.get(ADMIN, 'bird'), items, snapshot];
    expect(JSON.stringify(shown)).not.toContain(VALUE);
    const stored = readdirSync(installation.dataDir).map((name) =>
      readFileSync(join(installation.dataDir, name), 'latin1'),
    );
    expect(stored.join('')).toContain('/run/secrets/token');
    expect(stored.join('')).not.toContain(VALUE);
  });

  it('gets a new value with the next command, and in files at the next start', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN', { env: 'TOKEN', file: fileGrant('TOKEN').file })]);

    await set('TOKEN');
    expect(await environment(server, 'bird')).toMatchObject({ TOKEN: NEXT_VALUE });
    expect(await files(server, 'bird')).toMatchObject({ token: { content: VALUE } });
    expect((await restart('bird')).state).toBe('succeeded');

    expect(await files(server, 'bird')).toMatchObject({ token: { content: NEXT_VALUE } });
  });

  it('finds its files as they are to be when it wakes', async () => {
    for (const name of ['TOKEN', 'OTHER']) await keep(server, name);
    await createGiven(server, 'bird', [fileGrant('TOKEN'), fileGrant('OTHER', 'other')]);
    await suspend('bird');
    await set('TOKEN');
    await server.engine.vms.update(ADMIN, 'bird', { secrets: [fileGrant('TOKEN')] }, {});

    await resume('bird');
    expect(await files(server, 'bird')).toEqual({ token: { mode: 0o400, content: NEXT_VALUE } });

    await server.engine.vms.update(ADMIN, 'bird', { secrets: [] }, {});
    await suspend('bird');
    await resume('bird');
    expect(await files(server, 'bird')).toBeNull();
  });

  it('tells when its secrets were used', async () => {
    const made = await keep(server, 'TOKEN');
    expect(made.lastUsedAt).toBeNull();
    await createGiven(server, 'bird', [fileGrant('TOKEN')]);

    expect((await server.engine.secrets.get(ADMIN, 'TOKEN')).lastUsedAt).toBeGreaterThanOrEqual(made.createdAt);
  });
});

describe('a VM that begins warm', () => {
  it('has its secrets before it is running, too', async () => {
    await installation[Symbol.asyncDispose]();
    installation = createWarmInstallation();
    const { wrap, built } = createWarmHost();
    server = await installation.start(wrap);
    await create(server, 'first');
    await built;
    await keep(server, 'TOKEN');

    const asked = { ...request('second'), warmStart: 'require' as const, secrets: [fileGrant('TOKEN')] };
    const { operation } = await server.engine.vms.create(ADMIN, asked);

    expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
    expect(await files(server, 'second')).toMatchObject({ token: { content: VALUE } });
    expect(await get(server, 'second')).toMatchObject({ health: 'healthy', status: { phase: 'running' } });
    expect((await get(server, 'second')).startedAt).not.toBeNull();
  });
});

describe('a VM whose secrets cannot be given', () => {
  it('fails, saying which, and starts when it can be given them', async () => {
    const { id, revision } = await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [fileGrant('TOKEN')]);
    // As after an older copy of the database was brought back.
    await server.store.secrets.delete(id, revision);

    expect(await restart('bird')).toMatchObject({
      state: 'failed',
      error: { code: 'not_found', reason: 'secret.unknown', message: 'There is no secret TOKEN.' },
    });
    expect((await get(server, 'bird')).status).toMatchObject({
      phase: 'failed',
      failure: { reason: 'secret.unknown' },
    });

    await server.engine.vms.update(ADMIN, 'bird', { secrets: [] }, {});
    expect(await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation)).toMatchObject({
      state: 'succeeded',
    });
  });

  it('runs no command without them', async () => {
    const { id, revision } = await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN')]);
    await server.store.secrets.delete(id, revision);

    await expect(run(server, 'bird', ['true'])).rejects.toMatchObject({ reason: 'secret.unknown' });
    expect((await server.engine.executions.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
  });

  it('is told so by commands and at its start, when a value became none for a variable', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN')]);
    await set('TOKEN', new Uint8Array([0xff]));

    await expect(run(server, 'bird', ['true'])).rejects.toMatchObject({ reason: 'secret.unfit_for_env' });
    expect(await restart('bird')).toMatchObject({ state: 'failed', error: { reason: 'secret.unfit_for_env' } });
  });

  it('stays suspended, when it was', async () => {
    const { id, revision } = await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [fileGrant('TOKEN')]);
    await suspend('bird');
    const { lastUsedAt } = await server.engine.secrets.get(ADMIN, 'TOKEN');
    expect(lastUsedAt).not.toBeNull();
    await server.store.secrets.delete(id, revision);

    expect(await resume('bird')).toMatchObject({ state: 'failed', error: { reason: 'secret.unknown' } });
    await server.engine.vms.wait(ADMIN, 'bird', { phase: 'suspended' }, soon);
  });
});

describe('a VM that goes on where another was', () => {
  async function fork(by = ADMIN): Promise<string> {
    const forked = await server.engine.snapshots.fork(by, 'bird', forkRequest(1));
    const [made] = acceptedOf(forked);
    if (made === undefined) throw new Error('nothing was forked');
    expect(await finish(server, made.operation)).toMatchObject({ state: 'succeeded' });
    return made.vm.id;
  }

  it('is given the same, if it is the same owner’s', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN', { env: 'T', file: fileGrant('TOKEN').file })]);
    await set('TOKEN');

    const made = await fork();

    expect(await files(server, made)).toMatchObject({ token: { content: NEXT_VALUE } });
    expect(await environment(server, made)).toMatchObject({ T: NEXT_VALUE });
    await expect(server.engine.secrets.delete(ADMIN, 'TOKEN')).rejects.toMatchObject({ reason: 'secret.in_use' });
  });

  it('is given nothing of another owner’s, and finds nothing of what that was given', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN', { env: 'T', file: fileGrant('TOKEN').file })]);

    const made = await fork(OPERATOR);

    expect(await get(server, made)).toMatchObject({ owner: 'operator', secrets: [] });
    expect(await files(server, made)).toBeNull();
    expect(await environment(server, made)).not.toHaveProperty('T');
  });

  it('is given by a snapshot what the saved VM was, or what is asked for', async () => {
    for (const name of ['TOKEN', 'OTHER']) await keep(server, name, name);
    await createGiven(server, 'bird', [fileGrant('TOKEN')]);
    await save(server, 'bird', 'saved');
    const restore = async (name: string, by = ADMIN, more = {}) => {
      const { operation } = await server.engine.snapshots.createVm(by, 'saved', { ...restoredRequest(name), ...more });
      expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
      return await files(server, name);
    };

    expect(await restore('same')).toMatchObject({ token: { content: 'TOKEN' } });
    expect(await restore('none', ADMIN, { secrets: [] })).toBeNull();
    expect(await restore('other', ADMIN, { secrets: [fileGrant('OTHER')] })).toMatchObject({
      token: { content: 'OTHER' },
    });
    expect(await restore('foreign', OPERATOR)).toBeNull();
  });

  it('and was itself that, before it was restored, is given what it is given now', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [fileGrant('TOKEN')]);
    await save(server, 'bird', 'saved');
    await set('TOKEN');

    const { operation } = await server.engine.snapshots.restore(ADMIN, 'bird', { snapshot: 'saved' });
    expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });

    expect(await files(server, 'bird')).toMatchObject({ token: { content: NEXT_VALUE } });
  });
});
