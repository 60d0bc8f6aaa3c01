import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEVER_MATCHES } from '../../adapters/drivers/simulated/simulated-images.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { ImageDefinition } from '../../domain/image/definition.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { BUILT_IN_ROLES } from '../../domain/principal/roles.ts';
import type { Template } from '../../domain/template/template.ts';
import { emptyDisk } from '../../domain/vm/extra-disk.ts';
import type { Store } from '../../ports/store.ts';
import { refusal } from '../../ports/store-contract/fixture.contract.ts';
import { numberedId, sampleOperation, sampleTemplate } from '../../ports/store-contract/samples.contract.ts';
import type { NewTemplate } from '../apis/template-api.ts';
import { createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { finish, request, soon } from '../vm-life.test-kit.ts';

const ALICE = principalWith('alice', ...BUILT_IN_ROLES.member);
const BOB = principalWith('bob', ...BUILT_IN_ROLES.member);
const PAGE = { limit: 100, after: null };

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** Version 1.0.0 of `web`, of two processors. */
function web(
  change: Partial<Omit<NewTemplate, 'content'>> = {},
  content: Partial<NewTemplate['content']> = {},
): NewTemplate {
  return {
    ...{ name: 'web', version: '1.0.0', description: '', isEnabled: true },
    ...change,
    content: { spec: { vcpuCount: 2 }, image: null, tools: [], labels: { team: 'blue' }, ...content },
  };
}

async function install(asked: NewTemplate, principal = ADMIN): Promise<void> {
  await finish(server, await server.engine.templates.create(principal, asked));
}

describe('a template with a disk that begins with something', () => {
  const disk = (sizeGib: number | null, sha256 = 'ab'.repeat(32)) => ({
    ...emptyDisk('data', 1),
    sizeGib,
    content: { source: { location: 'https://example.com/d', sha256 }, format: 'raw' as const, isLocalAllowed: true },
  });

  it('brings it, so that a VM needs no size for it, and is as trusted as whoever installed it', async () => {
    await install(web({}, { spec: { disks: [disk(null)] } }), principalWith('ann', 'template:create', 'image:create'));

    const { vm } = await server.engine.vms.create(ADMIN, { ...request('first'), template: 'web' });

    const [made] = vm.spec.disks;
    expect(made).toMatchObject({ sizeGib: 1, content: { isLocalAllowed: false } });
  });

  it.each([
    ['download.checksum_mismatch', disk(2, NEVER_MATCHES)],
    ['download.checksum_mismatch', disk(null, NEVER_MATCHES)],
  ])('is not installed, with %s', async (reason, wrong) => {
    const operation = await finish(
      server,
      await server.engine.templates.create(ADMIN, web({}, { spec: { disks: [wrong] } })),
    );

    expect(operation).toMatchObject({ state: 'failed', error: { reason } });
    await expect(server.engine.templates.get(ADMIN, 'web')).rejects.toMatchObject({ reason: 'template.unknown' });
  });
});

describe('a VM that is made from a template', () => {
  it('has of it what nobody asked otherwise, and says which version it was', async () => {
    await install(
      web({}, { spec: { vcpuCount: 2, memoryMib: 512, diskGib: 3 }, labels: { team: 'blue', tier: 'web' } }),
    );

    const asked = { ...request('first', { team: 'red' }), spec: { memoryMib: 300 }, template: 'web' };
    const { vm, operation } = await server.engine.vms.create(ADMIN, asked);
    await finish(server, operation);

    expect(vm.spec).toMatchObject({
      ...{ vcpuCount: 2, memoryMib: 300, diskGib: 3, image: 'base' },
      template: { name: 'web', version: '1.0.0' },
    });
    expect(vm.labels).toEqual({ team: 'red', tier: 'web' });
    expect((await server.engine.vms.get(ADMIN, 'first')).spec).toEqual(vm.spec);
  });

  it('has the tools of both, in the version that the request says where both name one', async () => {
    await install(web({}, { tools: ['nodejs@20', 'git'] }));

    const asked = { ...request('first'), template: 'web', tools: ['nodejs@22', 'bun'] };
    const { vm } = await server.engine.vms.create(ADMIN, asked);

    const names = vm.spec.tools.map(({ name, version }) => `${name}@${version}`).sort();
    expect(names).toEqual(['bun@1.2.3', 'git@2.39.5', 'nodejs@22.11.0']);
  });

  it('has the disks and the variables of both, by name', async () => {
    const disks = [emptyDisk('data', 1), emptyDisk('logs', 1)];
    await install(web({}, { spec: { disks, environment: { A: '1', B: '1' } } }));

    const spec = { disks: [emptyDisk('data', 2)], environment: { B: '2' } };
    const { vm } = await server.engine.vms.create(ADMIN, { ...request('first', {}, false), spec, template: 'web' });

    expect(vm.spec.environment).toEqual({ A: '1', B: '2' });
    expect(vm.spec.disks).toEqual([emptyDisk('logs', 1), emptyDisk('data', 2)]);
  });

  it('is of the newest version that is enabled, or of the one that is named', async () => {
    for (const version of ['1.9.0', '1.10.0', '2.0.0-rc.1']) await install(web({ version }));
    await install(web({ version: '3', isEnabled: false }));
    const versionOf = async (ref: string) => {
      const { vm } = await server.engine.vms.create(ADMIN, { ...request('', {}, false), name: null, template: ref });
      return vm.spec.template?.version;
    };

    expect(await versionOf('web')).toBe('2.0.0-rc.1');
    expect(await versionOf('web@1.9.0')).toBe('1.9.0');
    await server.engine.templates.setEnabled(ADMIN, 'web@2.0.0-rc.1', false);
    expect(await versionOf('web')).toBe('1.10.0');
  });

  it('is refused from the moment on at which the template is disabled, and keeps what it has', async () => {
    await install(web());
    const { vm } = await server.engine.vms.create(ADMIN, { ...request('first', {}, false), template: 'web' });

    const [switched] = await server.engine.templates.setEnabled(ADMIN, 'web', false);

    expect(switched).toMatchObject({ isEnabled: false });
    const disabled = refusal('failed_precondition', 'template.disabled');
    for (const template of ['web', 'web@1.0.0'])
      await expect(server.engine.vms.create(ADMIN, { ...request('second'), template })).rejects.toEqual(disabled);
    await expect(server.engine.vms.create(ADMIN, { ...request('second'), template: 'wob' })).rejects.toEqual(
      refusal('not_found', 'template.unknown'),
    );
    expect((await server.engine.vms.get(ADMIN, 'first')).spec).toEqual(vm.spec);
    await server.engine.templates.setEnabled(ADMIN, 'web', true);
    await server.engine.vms.create(ADMIN, { ...request('second', {}, false), template: 'web' });
  });
});

describe('a version', () => {
  it('stands beside others, and is never replaced', async () => {
    await install(web());
    await install(web({ version: '1.1.0' }, { spec: { vcpuCount: 4 } }));

    const exists = refusal('already_exists', 'template.exists');
    await expect(server.engine.templates.create(ADMIN, web({}, { spec: { vcpuCount: 8 } }))).rejects.toEqual(exists);
    const versions = await server.engine.templates.versions(ADMIN, 'web');
    expect(versions.map(({ version, content }) => [version, content.spec.vcpuCount])).toEqual([
      ['1.1.0', 4],
      ['1.0.0', 2],
    ]);
    expect((await server.engine.templates.get(ADMIN, 'web')).version).toBe('1.1.0');
  });

  it('is stored only if VMs can be made from it', async () => {
    const { templates } = server.engine;
    const refused: readonly (readonly [NewTemplate, ReturnType<typeof refusal>])[] = [
      [web({ name: 'Web' }), refusal('invalid_argument', 'template.invalid_name')],
      [web({ version: '' }), refusal('invalid_argument', 'template.invalid_version')],
      [web({}, { spec: { vcpuCount: 65 } }), refusal('invalid_argument', 'vm.out_of_range')],
      [web({}, { spec: { image: 'nothing' } }), refusal('invalid_argument', 'vm.unknown_image')],
      [web({}, { tools: ['magic@1'] }), refusal('invalid_argument', 'tool.unknown')],
      [web({}, { labels: { '': 'x' } }), refusal('invalid_argument', 'vm.invalid_labels')],
    ];
    for (const [asked, error] of refused) await expect(templates.create(ADMIN, asked)).rejects.toEqual(error);
    for (const tool of ['git@banana', 'nodejs@', 'nodejs@1..2', 'nodejs@--help']) {
      await expect(templates.create(ADMIN, web({}, { tools: ['nodejs@20', tool] }))).rejects.toMatchObject({
        code: 'invalid_argument',
        reason: expect.stringMatching(/^tool\.invalid_(range|request)$/),
        details: { field: 'tools[1]' },
      });
    }
    const second = templates.create(ADMIN, web({}, { tools: ['nodejs', 'magic@1'] }));
    await expect(second).rejects.toMatchObject({ details: { field: 'tools[1]' } });

    expect((await templates.list(ADMIN, PAGE)).items).toEqual([]);
    expect(await server.store.operations.list({ limit: 9, after: null })).toEqual([]);
  });

  it('of which the installation is cancelled is gone, and can be installed again', async () => {
    const { operation } = await halfInstalled(server.store);

    const options = { signal: new AbortController().signal };
    await server.engine.operations.cancel(ADMIN, operation.id, options);

    expect(await server.store.templates.listVersions('half')).toEqual([]);
    await install(web({ name: 'half' }));
    expect(await server.engine.templates.get(ADMIN, 'half')).toMatchObject({ state: 'ready' });
  });

  it('that is being installed is shown to nobody, and installed by the next server when this one is killed', async () => {
    const { template } = await halfInstalled(server.store);
    const { templates } = server.engine;
    const unknown = refusal('not_found', 'template.unknown');
    await expect(templates.get(ADMIN, 'half')).rejects.toEqual(unknown);
    expect((await templates.list(ADMIN, PAGE)).items).toEqual([]);
    await expect(templates.create(ADMIN, web({ name: 'half' }))).rejects.toEqual(
      refusal('already_exists', 'template.exists'),
    );
    await server.stop();

    server = await installation.start();

    const isThere = async () => (await server.store.templates.get(template.id))?.state;
    await expect.poll(isThere, { timeout: 5_000, interval: 10 }).toBe('ready');
    const told = await server.engine.events.list(ADMIN, { after: null, limit: 100, types: ['template.installed'] });
    expect(told.map(({ data }) => data)).toEqual([{ name: 'half', version: '1.0.0' }]);
  });

  it('is deleted when no VM that there is was made from it', async () => {
    for (const version of ['1.0.0', '2.0.0']) await install(web({ version }));
    const made = await server.engine.vms.create(ADMIN, { ...request('first', {}, false), template: 'web@1.0.0' });
    await finish(server, made.operation);
    const { templates } = server.engine;
    const inUse = { asymmetricMatch: (error: unknown) => isInUseBy(error, ['first']) };

    await expect(templates.delete(ADMIN, 'web')).rejects.toEqual(inUse);
    await expect(templates.delete(ADMIN, 'web@1.0.0')).rejects.toEqual(inUse);
    await templates.delete(ADMIN, 'web@2.0.0');
    await finish(server, (await server.engine.vms.delete(ADMIN, 'first', {})).operation);
    await templates.delete(ADMIN, 'web');

    await expect(templates.get(ADMIN, 'web')).rejects.toEqual(refusal('not_found', 'template.unknown'));
    const told = await server.engine.events.list(ADMIN, { after: 0, limit: 200, types: ['template.deleted'] });
    expect(told.map(({ data }) => data['version'])).toEqual(['2.0.0', '1.0.0']);
  });
});

describe('an image that a template brings', () => {
  const disk = (sha256: string): ImageDefinition => ({
    ...{ kind: 'disk', description: '', format: 'raw', isLocalAllowed: false },
    source: { location: 'https://example.com/root', sha256 },
    ...{ boot: 'firmware', firmware: 'bios' },
  });

  const recipe: ImageDefinition = {
    ...{ kind: 'recipe', description: '', packages: ['jq'], files: [], commands: [], rootGib: 1 },
  };

  it.each([
    ['a disk', disk('1'.repeat(64))],
    ['built by a recipe', recipe],
  ])('is what its VMs are made from, and comes and goes with it: %s', async (_, image) => {
    const { templates, vms } = server.engine;
    await install(web({}, { image }));
    const { content } = await templates.get(ADMIN, 'web');
    const { vm, operation } = await vms.create(ADMIN, { ...request('first'), template: 'web' });
    await finish(server, operation);

    expect(vm.spec.image).toBe(content.spec.image);
    expect(vm.spec.image).toMatch(/^web--1-0-0-[0-9a-z]{8}$/);
    expect(await server.store.images.get(vm.spec.image)).toMatchObject({ template: 'web@1.0.0', owner: 'admin' });
    expect((await vms.get(ADMIN, 'first')).status.phase).toBe('running');

    await finish(server, (await vms.delete(ADMIN, 'first', {})).operation);
    await templates.delete(ADMIN, 'web');

    expect(await server.store.images.get(vm.spec.image)).toBeNull();
    const images = await server.engine.images.list(ADMIN);
    expect(images.map(({ name }) => name)).toEqual(['base']);
  });

  it('is verified before anybody sees the version: of one that is another nothing is kept', async () => {
    const asked = web({}, { image: disk(NEVER_MATCHES) });
    const { id } = await server.engine.templates.create(ADMIN, asked);

    const operation = await server.engine.operations.wait(ADMIN, id, soon);

    expect(operation).toMatchObject({
      state: 'failed',
      error: { reason: expect.stringContaining('checksum_mismatch') },
    });
    expect(await server.store.templates.listVersions('web')).toEqual([]);
    expect(await server.store.images.list({ limit: 9, after: null })).toEqual([]);
    await install(web({}, { image: disk('1'.repeat(64)) }));
  });

  it('takes the right to make images as well', async () => {
    const create = server.engine.templates.create(ALICE, web({}, { image: disk('1'.repeat(64)) }));

    await expect(create).rejects.toMatchObject({ details: { required_permission: 'image:create' } });
  });
});

describe('a template', () => {
  it('is for all to see, and only for its owner to add to, switch and delete', async () => {
    await install(web(), ALICE);
    const { templates } = server.engine;

    expect((await templates.list(BOB, PAGE)).items.map(({ name }) => name)).toEqual(['web']);
    await server.engine.vms.create(BOB, { ...request('his', {}, false), template: 'web' });
    const denied = refusal('permission_denied', 'access.denied');
    await expect(templates.create(BOB, web({ version: '2' }))).rejects.toEqual(denied);
    await expect(templates.setEnabled(BOB, 'web', false)).rejects.toEqual(denied);
    await expect(templates.delete(BOB, 'web')).rejects.toEqual(denied);
    await templates.setEnabled(ALICE, 'web', false);
    await install(web({ version: '2' }), ADMIN);
    await expect(templates.delete(ALICE, 'web')).rejects.toEqual(denied);
  });

  it('is listed by name, page by page, with all its versions', async () => {
    for (const name of ['c', 'a', 'b']) await install(web({ name }));
    await install(web({ name: 'b', version: '2.0.0' }));
    const { templates } = server.engine;

    const first = await templates.list(ADMIN, { limit: 2, after: null });
    const second = await templates.list(ADMIN, { limit: 2, after: first.next });

    expect(first.items.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(first.items[1]?.versions.map(({ version }) => version)).toEqual(['2.0.0', '1.0.0']);
    expect([second.items.map(({ name }) => name), second.next]).toEqual([['c'], null]);
  });
});

describe('what is built in', () => {
  const withBuiltIn = (...builtIn: readonly NewTemplate[]) => createInstallation({ builtInTemplates: builtIn });

  it('can be disabled, stays so in the next version of the program, and can be neither deleted nor taken', async () => {
    await using first = withBuiltIn(web({ name: 'base' }), web({ name: 'gone' }));
    const old = await first.start();
    const { templates } = old.engine;
    const builtIn = refusal('failed_precondition', 'template.built_in');

    await templates.setEnabled(ADMIN, 'base', false);
    await expect(templates.delete(ADMIN, 'base')).rejects.toEqual(builtIn);
    await expect(templates.create(ADMIN, web({ name: 'base', version: '9' }))).rejects.toEqual(builtIn);
    await old.stop();
    first.builtInTemplates.splice(0, 2, web({ name: 'base', version: '2' }), web({ name: 'new' }));
    const next = await first.start();

    const { items } = await next.engine.templates.list(ADMIN, PAGE);
    expect(items.map(({ name, versions }) => [name, versions[0].version, versions[0].isEnabled])).toEqual([
      ['base', '2', false],
      ['new', '1.0.0', true],
    ]);
  });

  it('leaves a template alone that has its name already', async () => {
    await using own = withBuiltIn();
    const old = await own.start();
    const operation = await old.engine.templates.create(ALICE, web({ name: 'new' }));
    await finish(old, operation);
    await old.stop();
    own.builtInTemplates.push(web({ name: 'new', version: '7' }));

    const next = await own.start();

    const versions = await next.engine.templates.versions(ADMIN, 'new');
    expect(versions.map(({ version, owner }) => [version, owner])).toEqual([['1.0.0', 'alice']]);
  });
});

/** What a server has stored that was killed at once after it had accepted an installation. */
async function halfInstalled(store: Store): Promise<{ readonly template: Template; readonly operation: Operation }> {
  const operation = sampleOperation(901, numberedId('vm', 1), {
    kind: 'template.install',
    subject: { kind: 'template', name: 'half@1.0.0' },
    state: 'pending',
  });
  const change = { name: 'half', state: 'installing', operationId: operation.id } as const;
  const template = sampleTemplate(901, change);
  await store.templates.insert(template);
  await store.operations.insert(operation);
  return { template, operation };
}

function isInUseBy(error: unknown, vms: readonly string[]): boolean {
  if (!(error instanceof VolaryError) || error.reason !== 'template.in_use') return false;
  return JSON.stringify(error.details['vms']) === JSON.stringify(vms);
}
