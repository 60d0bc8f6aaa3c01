import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ImageDefinition } from '../../domain/image/definition.ts';
import type { NewTemplate } from '../apis/template-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

/* What a template takes of the host, and when it was used. */

const IMAGE_BYTES = 1_000_000;

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start(undefined, (images) => ({
    ...images,
    list: async () => (await images.list()).map((image) => ({ ...image, sizeBytes: IMAGE_BYTES })),
  }));
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const recipe: ImageDefinition = {
  ...{ kind: 'recipe', description: '', packages: ['jq'], files: [], commands: [], rootGib: 1 },
};

async function install(version: string, content: Partial<NewTemplate['content']>): Promise<void> {
  const full = { spec: {}, image: null, tools: [], labels: {}, ...content };
  const asked = { name: 'web', version, description: '', isEnabled: true, content: full };
  await finish(server, await server.engine.templates.create(ADMIN, asked));
}

async function sizeOf(ref: string): Promise<number> {
  return (await server.engine.templates.get(ADMIN, ref)).sizeBytes;
}

it('is its own image and the packs that its next VM would be given, as far as they are there', async () => {
  await install('1.0.0', { spec: { image: 'base' } });
  await install('2.0.0', { image: recipe });
  await install('3.0.0', { image: recipe, tools: ['nodejs@20', 'git'] });
  expect([await sizeOf('web@1.0.0'), await sizeOf('web@2.0.0')]).toEqual([0, IMAGE_BYTES]);
  expect(await sizeOf('web')).toBe(IMAGE_BYTES);

  const build = async (range: string): Promise<number> => {
    await finish(server, await server.engine.tools.build(ADMIN, { name: 'nodejs', range }));
    const packs = (await server.engine.tools.list(ADMIN)).flatMap((entry) => entry.packs);
    return packs[0]?.sizeBytes ?? 0;
  };
  await build('22');
  expect(await sizeOf('web')).toBe(IMAGE_BYTES);
  const packBytes = await build('20');

  expect(packBytes).toBeGreaterThan(0);
  expect(await sizeOf('web')).toBe(IMAGE_BYTES + packBytes);
  const [entry] = (await server.engine.templates.list(ADMIN, { limit: 9, after: null })).items;
  expect(entry?.versions.map(({ sizeBytes }) => sizeBytes)).toEqual([IMAGE_BYTES + packBytes, IMAGE_BYTES, 0]);
});

it('is the moment at which a VM was made from it, whether that was asked for or a deployment needed it', async () => {
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) await install(version, {});
  const before = await server.engine.templates.versions(ADMIN, 'web');
  expect(before.map(({ lastUsedAt }) => lastUsedAt)).toEqual([null, null, null]);

  await server.engine.vms.create(ADMIN, { ...request('first', {}, false), template: 'web@1.0.0' });
  const deployment = await server.engine.deployments.create(ADMIN, {
    ...{ name: 'site', description: '', labels: {}, replicas: 1, strategy: {}, autoscaling: null },
    vm: { spec: { memoryMib: 128, diskGib: 1 }, template: 'web@2.0.0', labels: {}, metadata: {}, warmStart: 'never' },
  });
  await server.engine.deployments.wait(ADMIN, deployment.name, 'running', {
    ...{ timeoutMs: 15_000, signal: new AbortController().signal },
  });

  const after = await server.engine.templates.versions(ADMIN, 'web');
  expect(after.map(({ lastUsedAt }) => lastUsedAt === null)).toEqual([true, false, false]);
  expect(after.map(({ revision }) => revision)).toEqual(before.map(({ revision }) => revision));
});
