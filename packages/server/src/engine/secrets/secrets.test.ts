import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { ANN, BOB, bytes, createGiven, fileGrant, grant, keep, NEXT_VALUE, VALUE } from './secrets.test-kit.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** Everything that lies in the data directory. */
function stored(): string {
  return readdirSync(installation.dataDir)
    .map((name) => readFileSync(join(installation.dataDir, name), 'latin1'))
    .join('\n');
}

describe('a secret', () => {
  it('is kept and shown without its value, which lies nowhere', async () => {
    const { secrets, events } = server.engine;
    const made = await keep(server, 'TOKEN', VALUE);

    expect(made).toMatchObject({ name: 'TOKEN', owner: 'admin', version: 1, sizeBytes: VALUE.length, isText: true });
    expect(await secrets.get(ADMIN, 'TOKEN')).toEqual(made);
    expect(await secrets.get(ADMIN, made.id)).toEqual(made);
    expect((await secrets.list(ADMIN, { limit: 9, after: null })).items).toEqual([made]);
    const told = await events.list(ADMIN, { after: null, limit: 100 });
    expect(told.at(-1)).toMatchObject({ type: 'secret.created', owner: 'admin', data: { name: 'TOKEN', version: 1 } });
    expect(JSON.stringify([made, told])).not.toContain(VALUE);
    expect(stored()).toContain('TOKEN');
    expect(stored()).not.toContain(VALUE);
    expect(stored()).not.toContain(Buffer.from(VALUE).toString('base64').slice(0, 12));
  });

  it('gets another value, of which the one before is no part', async () => {
    const made = await keep(server, 'TOKEN');
    const { secrets } = server.engine;

    const changed = await secrets.set(ADMIN, 'TOKEN', { value: bytes(NEXT_VALUE), description: 'New' });

    expect(changed).toMatchObject({ id: made.id, version: 2, description: 'New', sizeBytes: NEXT_VALUE.length });
    expect(changed.sealed).not.toBe(made.sealed);
    expect((await secrets.set(ADMIN, made.id, { value: bytes('x') })).description).toBe('New');
  });

  it.each([
    ['token', VALUE, 'secret.invalid_name'],
    ['1TOKEN', VALUE, 'secret.invalid_name'],
    ['A'.repeat(65), VALUE, 'secret.invalid_name'],
    ['TOKEN', '', 'secret.invalid_value'],
    ['TOKEN', 'x'.repeat(65_537), 'secret.invalid_value'],
  ])('cannot be %s with any value', async (name, value, reason) => {
    await expect(keep(server, name, value)).rejects.toMatchObject({ code: 'invalid_argument', reason });
  });

  it('may have 64 KiB, and bytes that are no text', async () => {
    expect(await keep(server, 'LONG', 'x'.repeat(65_536))).toMatchObject({ isText: true });
    expect(await keep(server, 'BYTES', new Uint8Array([0xff, 0xfe]))).toMatchObject({ isText: false, sizeBytes: 2 });
    expect(await keep(server, 'NUL', 'a\0b')).toMatchObject({ isText: false });
  });

  it('has a name of its own among those of its owner', async () => {
    await keep(server, 'TOKEN', VALUE, ANN);
    await keep(server, 'TOKEN', VALUE, BOB);

    await expect(keep(server, 'TOKEN', VALUE, ANN)).rejects.toMatchObject({ reason: 'secret.name_taken' });
  });

  it('is gone when it was deleted, which is refused while VMs are given it', async () => {
    await keep(server, 'TOKEN');
    await createGiven(server, 'bird', [grant('TOKEN')]);
    const { secrets, vms } = server.engine;

    await expect(secrets.delete(ADMIN, 'TOKEN')).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'secret.in_use',
      details: { vms: ['bird'] },
    });
    await vms.update(ADMIN, 'bird', { secrets: [] }, {});
    await secrets.delete(ADMIN, 'TOKEN');

    await expect(secrets.get(ADMIN, 'TOKEN')).rejects.toMatchObject({ code: 'not_found', reason: 'secret.unknown' });
  });
});

describe('the secrets of others', () => {
  it('are not there, for whatever is asked', async () => {
    const { id } = await keep(server, 'TOKEN', VALUE, ANN);
    const { secrets } = server.engine;

    expect((await secrets.list(BOB, { limit: 9, after: null })).items).toEqual([]);
    for (const ref of [id, 'TOKEN']) {
      const asked = [
        secrets.get(BOB, ref),
        secrets.set(BOB, ref, { value: bytes('x') }),
        secrets.delete(BOB, ref),
        createGiven(server, 'bird', [grant(ref)], BOB),
      ];
      for (const one of asked)
        await expect(one, ref).rejects.toMatchObject({ code: 'not_found', reason: 'secret.unknown' });
    }
  });

  it('are not given to a VM of somebody else, not even by an administrator', async () => {
    const { id } = await keep(server, 'TOKEN', VALUE, ANN);

    await expect(createGiven(server, 'bird', [grant(id)], ADMIN)).rejects.toMatchObject({ reason: 'secret.unknown' });
  });

  it('are seen and given within their owner’s VMs by who may do so to all', async () => {
    await keep(server, 'TOKEN', VALUE, ANN);
    await createGiven(server, 'bird', [], ANN);
    const { secrets, vms } = server.engine;

    expect((await secrets.list(ADMIN, { limit: 9, after: null })).items).toHaveLength(1);
    const { vm: changed } = await vms.update(ADMIN, 'bird', { secrets: [grant('TOKEN')] }, {});
    expect(changed.secrets).toMatchObject([{ name: 'TOKEN', env: 'TOKEN', file: null }]);
  });

  it('need a right of their own to be used', async () => {
    await keep(server, 'TOKEN', VALUE, ANN);
    const keyOfAnn = principalWith('ann', 'vm:*@own', 'secret:read@own');

    await expect(createGiven(server, 'bird', [grant('TOKEN')], keyOfAnn)).rejects.toMatchObject({
      code: 'permission_denied',
      details: { required_permission: 'secret:use' },
    });
  });

  it('keep their key: only who may change everybody’s changes it', async () => {
    await expect(server.engine.secrets.rotateKey(ANN)).rejects.toMatchObject({ code: 'permission_denied' });
  });
});

describe('what a VM is given', () => {
  it.each([
    ['the same variable twice', [grant('TOKEN'), grant('OTHER', { env: 'TOKEN' })]],
    ['the same file twice', [fileGrant('TOKEN'), fileGrant('OTHER')]],
    ['a variable that is none', [grant('TOKEN', { env: 'A=B' })]],
    ['a file elsewhere', [grant('TOKEN', { file: { path: '/etc/passwd', mode: 0o400 } })]],
    ['a file further up', [fileGrant('TOKEN', '..')]],
    ['a file deeper down', [fileGrant('TOKEN', 'a/b')]],
    ['too many', Array.from({ length: 65 }, (_, i) => fileGrant('TOKEN', `f${i}`))],
  ])('is not %s', async (_what, secrets) => {
    for (const name of ['TOKEN', 'OTHER']) await keep(server, name);

    await expect(createGiven(server, 'bird', secrets)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'secret.invalid_grant',
    });
  });

  it.each([
    ['bytes that are no text', [new Uint8Array([0xff])]],
    ['more than goes with a command', ['x'.repeat(20_000), 'y'.repeat(20_000)]],
  ])('as variables is not %s', async (_what, values) => {
    for (const [i, value] of values.entries()) await keep(server, `SECRET_${i}`, value);
    const refs = values.map((_, i) => `SECRET_${i}`);

    await expect(
      createGiven(
        server,
        'bird',
        refs.map((ref) => grant(ref)),
      ),
    ).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'secret.unfit_for_env',
    });
    const asFiles = await createGiven(
      server,
      'bird',
      refs.map((ref) => fileGrant(ref, ref.toLowerCase())),
    );
    expect(asFiles.state).toBe('succeeded');
  });

  it('is one that there is', async () => {
    await expect(createGiven(server, 'bird', [grant('NONE')])).rejects.toMatchObject({ reason: 'secret.unknown' });
    await createGiven(server, 'bird', []);
    await expect(server.engine.vms.update(ADMIN, 'bird', { secrets: [grant('NONE')] }, {})).rejects.toMatchObject({
      reason: 'secret.unknown',
    });
  });
});
