import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ImageDefinition } from '../../domain/image/definition.ts';
import type { ReplicaRequest } from '../apis/deployment-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { readPruneResult } from '../system/prune-result.ts';
import { finish, soon } from '../vm-life.test-kit.ts';

/* What the revisions of deployments keep on the host, also while they have no VM. */

const IMAGE: ImageDefinition = {
  ...{ kind: 'recipe', description: '', packages: ['jq'], files: [], commands: [], rootGib: 1 },
};

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** Without any replica. */
async function deploy(vm: Partial<ReplicaRequest>): Promise<void> {
  await server.engine.deployments.create(ADMIN, {
    ...{ name: 'site', description: '', labels: {}, replicas: 0, strategy: {}, autoscaling: null },
    vm: { spec: {}, labels: {}, metadata: {}, warmStart: 'never', ...vm },
  });
}

async function usersOf(kind: 'images' | 'tools', name: string): Promise<readonly string[]> {
  const use = (await server.engine.system.usage(ADMIN, soon)).find((each) => each.kind === kind);
  const thing = use?.things.find((each) => each.name === name);
  return (thing?.usedBy ?? []).map((user) => `${user.kind} ${user.name}`);
}

it('is the image of their replicas, which nobody removes by name or by digest', async () => {
  await finish(server, await server.engine.images.define(ADMIN, { name: 'web', definition: IMAGE }));
  const former = (await server.engine.images.get(ADMIN, 'web')).current?.digest ?? '';
  await deploy({ spec: { image: 'web' } });
  const newer = { ...IMAGE, packages: ['curl'] };
  await finish(server, await server.engine.images.define(ADMIN, { name: 'web', definition: newer }));
  const digest = (await server.engine.images.get(ADMIN, 'web')).current?.digest ?? '';

  for (const ref of ['web', digest]) {
    await expect(server.engine.images.remove(ADMIN, ref)).rejects.toMatchObject({
      reason: 'image.in_use',
      message: expect.stringContaining('deployment site'),
    });
  }
  // A version from which no next replica is made is not kept for it.
  await server.engine.images.remove(ADMIN, former);
  expect(await usersOf('images', 'web')).toEqual(['recipe web', 'deployment site']);

  await server.engine.deployments.delete(ADMIN, 'site');
  await expect.poll(async () => await usersOf('images', 'web'), { interval: 10 }).toEqual(['recipe web']);
  await server.engine.images.remove(ADMIN, 'web');
  expect(await server.store.images.get('web')).toBeNull();
});

it('are packs of the tools of their replicas, of each revision that they keep', async () => {
  for (const range of ['20', '22'])
    await finish(server, await server.engine.tools.build(ADMIN, { name: 'nodejs', range }));
  await finish(server, await server.engine.tools.build(ADMIN, { name: 'bun', range: '1' }));
  await deploy({ tools: ['nodejs@20'] });
  await server.engine.deployments.update(ADMIN, 'site', { vm: { tools: ['nodejs@22'] } });
  await server.engine.deployments.update(ADMIN, 'site', { vm: { labels: { tier: 'front' } } });

  const pruned = await finish(server, await server.engine.system.prune(ADMIN, { kinds: ['tools'], isDryRun: false }));

  const states = readPruneResult(pruned.result)?.items?.map(({ name, state }) => `${name} ${state}`);
  expect(states).toEqual(['bun@1.2.3 removed']);
  for (const tool of ['nodejs@20.19.5', 'nodejs@22.11.0']) {
    expect(await usersOf('tools', tool)).toEqual(['deployment site']);
    await expect(server.engine.tools.remove(ADMIN, tool)).rejects.toMatchObject({
      reason: 'tool.in_use',
      message: `${tool} is used by the deployment site.`,
    });
  }
});
