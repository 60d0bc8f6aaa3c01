import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEVER_MATCHES } from '../../adapters/drivers/simulated/simulated-images.ts';
import type {
  DirectDiskDefinition,
  FirmwareDiskDefinition,
  ImageDefinition,
  RecipeDefinition,
} from '../../domain/image/definition.ts';
import { BUILT_IN_ROLES } from '../../domain/principal/roles.ts';
import { createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

const SHA256 = 'a'.repeat(64);
const DISK: FirmwareDiskDefinition = {
  ...{ kind: 'disk', description: 'Of a test', format: 'qcow2', isLocalAllowed: false },
  source: { location: 'https://images.example/disk.qcow2', sha256: SHA256 },
  ...{ boot: 'firmware', firmware: 'uefi' },
};
const FILE = { path: '/etc/motd', content: 'hello', mode: 0o644, owner: 'root:root' } as const;
const RECIPE: RecipeDefinition = {
  ...{ kind: 'recipe', description: '', packages: ['jq'], files: [FILE], commands: ['true'], rootGib: 1 },
};
const MAKER = principalWith('maker', 'image:create', 'image:read');
const OPERATOR = principalWith('operator', ...BUILT_IN_ROLES.operator);

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(() => installation[Symbol.asyncDispose]());

async function define(name: string, definition: ImageDefinition = DISK, principal = ADMIN): Promise<void> {
  await finish(server, await server.engine.images.define(principal, { name, definition }));
}

/** A disk like the one of the tests, but for where it comes from. */
function at(location: string): ImageDefinition {
  return { ...DISK, source: { location, sha256: SHA256 } };
}

describe('an image that somebody defines', () => {
  it('is told what it is made of to who may define images, and to nobody else', async () => {
    await define('web', at('https://images.example/disk.qcow2?token=secret'));
    const told = async (principal = ADMIN) => (await server.engine.images.get(principal, 'web')).isOriginTold;

    expect([await told(), await told(OPERATOR), await told(MAKER)]).toEqual([true, true, true]);
    for (const role of [BUILT_IN_ROLES.viewer, BUILT_IN_ROLES.member])
      expect(await told(principalWith('reader', ...role))).toBe(false);
  });

  it('is one that VMs can be made from, and says what it is', async () => {
    await define('web', DISK, MAKER);

    const entry = await server.engine.images.get(ADMIN, 'web');
    expect(entry).toMatchObject({
      ...{ name: 'web', isBuiltIn: false, lastUsedAt: null, older: [] },
      stored: { owner: 'maker', template: null, definition: DISK },
      current: { name: 'web', boot: 'firmware', firmware: 'uefi' },
    });
    const { vm, operation } = await server.engine.vms.create(ADMIN, { ...request('first'), spec: { image: 'web' } });
    await finish(server, operation);
    expect(vm.spec.image).toBe('web');
    expect((await server.engine.images.get(ADMIN, 'web')).lastUsedAt).toBeGreaterThan(0);
    expect((await server.engine.capabilities()).images).toContain('web');
    const events = await server.store.events.list({ after: 0, limit: 1_000 });
    expect(events.filter(({ subject }) => subject === 'web').map(({ type }) => type)).toEqual([
      ...['image.built', 'image.defined'],
    ]);
  });

  it('may be made by a recipe, for which nobody needs to be let at the host', async () => {
    await define('web', RECIPE, MAKER);

    expect((await server.engine.images.get(ADMIN, 'web')).stored?.definition).toEqual(RECIPE);
  });

  it('is there only when it could be made, and stays what it was when it could not be changed', async () => {
    const broken = { ...DISK, source: { ...DISK.source, sha256: NEVER_MATCHES } };
    const failing = async (): Promise<unknown> => {
      const { id } = await server.engine.images.define(ADMIN, { name: 'web', definition: broken });
      return (
        await server.engine.operations.wait(ADMIN, id, { timeoutMs: 5_000, signal: new AbortController().signal })
      ).error?.reason;
    };

    expect(await failing()).toBe('download.checksum_mismatch');
    expect(await server.store.images.get('web')).toBeNull();
    await expect(server.engine.images.get(ADMIN, 'web')).rejects.toMatchObject({ reason: 'image.unknown' });

    await define('web');
    expect(await failing()).toBe('download.checksum_mismatch');
    expect((await server.store.images.get('web'))?.definition).toEqual({ ...DISK, isLocalAllowed: true });
  });

  it('can be defined anew, and then its former version is an older one', async () => {
    await define('web');
    const former = (await server.engine.images.get(ADMIN, 'web')).current?.digest;

    await define('web', { ...DISK, source: { ...DISK.source, sha256: 'b'.repeat(64) } });

    const { current, older } = await server.engine.images.get(ADMIN, 'web');
    expect(current?.digest).not.toBe(former);
    expect(older.map(({ digest }) => digest)).toEqual([former]);
    // The same once more makes nothing new.
    await define('web', { ...DISK, source: { ...DISK.source, sha256: 'b'.repeat(64) } });
    expect((await server.engine.images.list(ADMIN)).flatMap(({ older }) => older)).toHaveLength(1);
  });

  it('is gone on with by the next server', async () => {
    await server.stop();
    const stuck = await installation.start(undefined, (images) => ({
      ...images,
      ensure: (_name, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    }));
    const operation = await stuck.engine.images.define(ADMIN, { name: 'web', definition: DISK });
    expect(await stuck.engine.images.define(ADMIN, { name: 'web', definition: DISK })).toMatchObject({
      id: operation.id,
    });
    const other: ImageDefinition = { ...DISK, firmware: 'bios' };
    await expect(stuck.engine.images.define(ADMIN, { name: 'web', definition: other })).rejects.toMatchObject({
      reason: 'image.busy',
    });
    await stuck.stop();

    server = await installation.start();
    await finish(server, operation);

    expect((await server.store.images.get('web'))?.definition.description).toBe('Of a test');
  });
});

describe('labels of an image', () => {
  const labelsOf = async (name: string) => (await server.engine.images.get(ADMIN, name)).labels;

  it('are there when it has been made, stay when it is made anew, and go with it', async () => {
    const labels = { tier: 'front' };
    const broken = { ...DISK, source: { ...DISK.source, sha256: NEVER_MATCHES } };
    await finish(server, await server.engine.images.define(ADMIN, { name: 'web', definition: broken, labels }));
    expect(await server.store.namedLabels.list('image')).toEqual(new Map());

    await finish(server, await server.engine.images.define(ADMIN, { name: 'web', definition: DISK, labels }));
    expect(await labelsOf('web')).toEqual(labels);
    await define('web', RECIPE);
    expect(await labelsOf('web')).toEqual(labels);
    await finish(server, await server.engine.images.define(ADMIN, { name: 'web', definition: RECIPE, labels: {} }));
    expect(await labelsOf('web')).toEqual({});

    await server.engine.images.update(ADMIN, 'web', { labels });
    await server.engine.images.remove(ADMIN, 'web');
    await define('web');
    expect(await labelsOf('web')).toEqual({});
  });

  it('are those that it was given last, also while it is made with others', async () => {
    const asked = { name: 'web', definition: DISK, labels: { tier: 'front' } };
    await define('web');
    const making = await server.engine.images.define(ADMIN, asked);

    await server.engine.images.update(ADMIN, 'web', { labels: { tier: 'back' } });
    await expect(server.engine.images.define(ADMIN, asked)).rejects.toMatchObject({ reason: 'image.busy' });
    await finish(server, making);
    expect(await labelsOf('web')).toEqual({ tier: 'back' });

    await finish(server, await server.engine.images.define(ADMIN, asked));
    expect(await labelsOf('web')).toEqual({ tier: 'front' });
  });

  it('are those that it was given last, also when its making is nearly done', async () => {
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await define('web');
    await server.stop();
    const other = await installation.start(undefined, (images) => ({
      ...images,
      async ensure(...args) {
        begun.resolve();
        await go.promise;
        return await images.ensure(...args);
      },
    }));
    const labels = { tier: 'front' };
    const making = await other.engine.images.define(ADMIN, { name: 'web', definition: DISK, labels });
    await begun.promise;
    await other.engine.images.update(ADMIN, 'web', { labels: { tier: 'back' } });
    go.resolve();
    await finish(other, making);

    expect((await other.engine.images.get(ADMIN, 'web')).labels).toEqual({ tier: 'back' });
  });

  it('make a request another one while the same is made with others', async () => {
    const ask = (labels: Readonly<Record<string, string>> | null) =>
      server.engine.images.define(ADMIN, { name: 'web', definition: DISK, labels });
    const first = await ask({ tier: 'front' });

    await expect(ask({ tier: 'back' })).rejects.toMatchObject({ reason: 'image.busy' });
    expect((await ask({ tier: 'front' })).id).toBe(first.id);
    expect((await ask(null)).id).toBe(first.id);
    await finish(server, first);
  });

  it('are changed by who may, also of one that is built in, and of none that is not there', async () => {
    const changed = await server.engine.images.update(OPERATOR, 'base', { labels: { tier: 'front' } });
    expect(changed).toMatchObject({ name: 'base', isBuiltIn: true, labels: { tier: 'front' } });
    const named = async (selector: string) =>
      (await server.engine.images.list(ADMIN, { selector })).map(({ name }) => name);
    expect(await named('tier=front')).toEqual(['base']);
    expect(await named('!tier')).not.toContain('base');
    expect(await server.engine.images.update(OPERATOR, 'base', {})).toEqual(changed);

    await expect(server.engine.images.update(MAKER, 'base', { labels: {} })).rejects.toMatchObject({
      details: { required_permission: 'image:update' },
    });
    await expect(server.engine.images.update(ADMIN, 'nobody', { labels: {} })).rejects.toMatchObject({
      reason: 'image.unknown',
    });
    await expect(server.engine.images.update(ADMIN, 'base', { labels: { '': '' } })).rejects.toMatchObject({
      reason: 'vm.invalid_labels',
    });
  });
});

describe('what an image may be made of', () => {
  it('is a file of the host, or on a private address, only for who may import such', async () => {
    for (const location of [
      '/srv/disk.qcow2',
      'http://127.0.0.1:8000/disk',
      'http://[fd00::1]/disk',
      'http://10.1.2.3/',
    ]) {
      await expect(define('web', at(location), MAKER), location).rejects.toMatchObject({
        code: 'permission_denied',
        details: { required_permission: 'image:import-local' },
      });
      await define('web', at(location), OPERATOR);
      expect((await server.store.images.get('web'))?.definition).toMatchObject({ isLocalAllowed: true });
    }
    // Whatever a request says of itself.
    await define('other', { ...DISK, isLocalAllowed: true }, MAKER);
    expect((await server.store.images.get('other'))?.definition).toMatchObject({ isLocalAllowed: false });
    const kernel = { location: '/srv/kernel', sha256: SHA256 };
    const { boot: _, firmware: __, ...disk } = DISK;
    const direct: DirectDiskDefinition = { ...disk, boot: 'direct', kernel, initramfs: null };
    await expect(define('web', direct, MAKER)).rejects.toMatchObject({ code: 'permission_denied' });
  });

  it.each<readonly [string, ImageDefinition]>([
    ['disk.url', at('ftp://images.example/disk')],
    ['disk.url', at('relative/path')],
    ['disk.url', at('https://user:secret@images.example/disk')],
    ['disk.path', at('/srv/imports/../secret')],
    ['disk', at(`https://images.example/${'x'.repeat(5_000)}`)],
    ['disk.sha256', { ...DISK, source: { ...DISK.source, sha256: 'A'.repeat(64) } }],
    [
      'disk.initramfs',
      {
        ...{ kind: 'disk', description: '', format: 'raw', isLocalAllowed: false, source: DISK.source },
        ...{ boot: 'direct', kernel: null, initramfs: DISK.source },
      },
    ],
    ['recipe.packages[0]', { ...RECIPE, packages: ['--option'] }],
    ['recipe.files[0].path', { ...RECIPE, files: [{ ...FILE, path: '/etc/../shadow' }] }],
    ['recipe.files[0].path', { ...RECIPE, files: [{ ...FILE, path: '/etc/a\nb' }] }],
    ['recipe.files[0].owner', { ...RECIPE, files: [{ ...FILE, owner: 'root; true' }] }],
    ['recipe.files[0].mode', { ...RECIPE, files: [{ ...FILE, mode: 0o10000 }] }],
    ['recipe.commands[0]', { ...RECIPE, commands: ['x\0'] }],
    ['recipe.root_gib', { ...RECIPE, rootGib: 65 }],
  ])('is refused by its field: %s (%#)', async (field, definition) => {
    await expect(define('web', definition)).rejects.toMatchObject({
      reason: 'image.invalid_definition',
      details: { field },
    });
  });

  it('has a name of its own', async () => {
    await expect(define('base')).rejects.toMatchObject({ reason: 'image.built_in' });
    for (const name of ['', 'Web', '../web', '-web', 'web/1', 'x'.repeat(64)])
      await expect(define(name)).rejects.toMatchObject({ reason: 'image.invalid_name' });
    await define('web');
    const stored = await server.store.images.get('web');
    if (stored === null) throw new Error('it was not stored');
    await server.store.images.put({ ...stored, template: 'web@1.0.0' });
    await expect(define('web')).rejects.toMatchObject({ reason: 'image.of_template' });
    await expect(server.engine.images.remove(ADMIN, 'web')).rejects.toMatchObject({ reason: 'image.of_template' });
  });

  it('is nobody else’s business who may not define images', async () => {
    const member = principalWith('member', ...BUILT_IN_ROLES.member);

    await expect(define('web', DISK, member)).rejects.toMatchObject({ code: 'permission_denied' });
  });
});

describe('an image that never comes', () => {
  it('is given up when its time is over, as is the template that brings it, and nothing is kept', async () => {
    await using hurried = createInstallation({ settings: { operationMs: 50 } });
    const slow = await hurried.start(undefined, (images) => ({
      ...images,
      ensure: async (_, { signal }) =>
        await new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    }));
    const { images, templates, operations } = slow.engine;
    const content = { spec: {}, image: DISK, tools: [], labels: {} };
    const template = { name: 'site', version: '1.0.0', description: '', isEnabled: true, content };
    const begun = [
      await images.define(ADMIN, { name: 'web', definition: DISK }),
      await images.build(ADMIN, 'base'),
      await templates.create(ADMIN, template),
    ];

    const waiting = { timeoutMs: 5_000, signal: new AbortController().signal };
    const ended = await Promise.all(begun.map(({ id }) => operations.wait(ADMIN, id, waiting)));

    expect(ended.map(({ state, error }) => [state, error?.reason])).toEqual(
      begun.map(() => ['failed', 'operation.deadline']),
    );
    await expect(images.get(ADMIN, 'web')).rejects.toMatchObject({ reason: 'image.unknown' });
    expect(await slow.store.templates.listVersions('site')).toEqual([]);
  });
});

describe('removing an image', () => {
  it('is refused while a VM names it, whether that has a disk or not, and while a template does', async () => {
    await define('web');
    const { operation } = await server.engine.vms.create(ADMIN, {
      ...request('first'),
      ...{ spec: { image: 'web' }, start: false },
    });
    await finish(server, operation);
    await server.engine.images.remove(ADMIN, 'web').then(
      () => expect.fail('it is in use'),
      (error: unknown) =>
        expect(error).toMatchObject({ reason: 'image.in_use', details: { used_by: [{ kind: 'vm', name: 'first' }] } }),
    );
    await finish(server, (await server.engine.vms.delete(ADMIN, 'first', {})).operation);
    const content = { spec: { image: 'web' }, image: null, tools: [], labels: {} };
    const template = { name: 'site', version: '1.0.0', description: '', isEnabled: true, content };
    await finish(server, await server.engine.templates.create(ADMIN, template));

    await expect(server.engine.images.remove(ADMIN, 'web')).rejects.toMatchObject({
      reason: 'image.in_use',
      details: { used_by: [{ kind: 'template', name: 'site@1.0.0' }] },
    });
    await server.engine.templates.delete(ADMIN, 'site');

    expect(await server.engine.images.remove(ADMIN, 'web')).toHaveLength(1);
    await expect(server.engine.images.get(ADMIN, 'web')).rejects.toMatchObject({ reason: 'image.unknown' });
    await expect(server.engine.images.remove(ADMIN, 'web')).rejects.toMatchObject({ reason: 'image.unknown' });
  });

  it('leaves what the name stands for when it is done by the digest', async () => {
    await define('web');
    const { current } = await server.engine.images.get(ADMIN, 'web');

    await server.engine.images.remove(ADMIN, current?.digest ?? '');

    expect(await server.engine.images.get(ADMIN, 'web')).toMatchObject({ current: null, stored: { name: 'web' } });
    await finish(server, await server.engine.images.build(ADMIN, 'web'));
    expect((await server.engine.images.get(ADMIN, 'web')).current?.digest).toBe(current?.digest);
  });
});
