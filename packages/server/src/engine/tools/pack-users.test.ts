import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ToolSource } from '../../ports/tool-source.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { readPruneResult } from '../system/prune-result.ts';
import { finish, request, soon } from '../vm-life.test-kit.ts';

/* What keeps packs of tools in the cache. */

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function build(name: string, range: string): Promise<void> {
  await finish(server, await server.engine.tools.build(ADMIN, { name, range }));
}

async function create(name: string, tools: readonly string[]): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, { ...request(name), tools });
  expect((await finish(server, operation)).state).toBe('succeeded');
}

async function pruneTools(): Promise<readonly string[]> {
  const pruned = await finish(server, await server.engine.system.prune(ADMIN, { kinds: ['tools'], isDryRun: false }));
  return (readPruneResult(pruned.result)?.items ?? []).map(({ name, state }) => `${name} ${state}`);
}

async function usersByTool(): Promise<Readonly<Record<string, readonly string[]>>> {
  const uses = (await server.engine.system.usage(ADMIN, soon)).find(({ kind }) => kind === 'tools');
  const lines = (uses?.things ?? []).map(({ name, usedBy }) => [
    name,
    usedBy.map((user) => `${user.kind} ${user.name}`),
  ]);
  return Object.fromEntries(lines);
}

it('are VMs, snapshots, and versions of templates, which mean the newest of their range', async () => {
  for (const range of ['20.18.0', '20.19.5', '22']) await build('nodejs', range);
  for (const [name, range] of [
    ['git', '2.39'],
    ['bun', '1'],
  ] as const)
    await build(name, range);
  await create('bird', ['nodejs@20.18', 'git']);
  const { operation } = await server.engine.snapshots.create(ADMIN, 'bird', {
    ...{ name: 'egg', description: '', labels: {} },
  });
  await finish(server, operation);
  await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);
  await create('wren', ['nodejs@20.18']);
  const installed = await server.engine.templates.create(ADMIN, {
    ...{ name: 'web', version: '1', description: '', isEnabled: false },
    content: { spec: {}, image: null, tools: ['nodejs@20'], labels: {} },
  });
  await finish(server, installed);

  expect(await usersByTool()).toEqual({
    'nodejs@20.18.0': ['vm wren', 'snapshot egg'],
    'nodejs@20.19.5': ['template web@1'],
    'nodejs@22.11.0': [],
    'git@2.39.5': ['snapshot egg'],
    'bun@1.2.3': [],
  });
  expect((await pruneTools()).toSorted()).toEqual(['bun@1.2.3 removed', 'nodejs@22.11.0 removed']);
  expect(await pruneTools()).toEqual([]);
  await expect(server.engine.tools.remove(ADMIN, 'git')).rejects.toMatchObject({
    reason: 'tool.in_use',
    message: 'git@2.39.5 is used by the snapshot egg.',
  });
});

it('is whoever asks for one while a prune is about to remove it', async () => {
  let beforeLook = async (): Promise<void> => undefined;
  let looks = 0;
  const wrap = (tools: ToolSource): ToolSource => ({
    ...tools,
    async list() {
      looks += 1;
      const found = await tools.list();
      // Between what is found and what is removed.
      if (looks === 2) await beforeLook();
      return found;
    },
  });
  await server.stop();
  server = await installation.start(undefined, undefined, undefined, undefined, wrap);
  await build('bun', '1');
  await build('git', '2.39');
  beforeLook = () => create('bird', ['bun', 'git']);
  looks = 0;

  expect((await pruneTools()).toSorted()).toEqual(['bun@1.2.3 kept', 'git@2.39.5 kept']);

  expect((await server.engine.tools.list(ADMIN)).flatMap(({ packs }) => packs)).toHaveLength(2);
});
