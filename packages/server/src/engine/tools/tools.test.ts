import { afterEach, beforeEach, expect, it } from 'vitest';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function create(name: string, tools: readonly string[], labels: Readonly<Record<string, string>> = {}) {
  const { operation } = await server.engine.vms.create(ADMIN, { ...request(name), tools, labels });
  return await finish(server, operation);
}

async function toolsOf(name: string): Promise<readonly string[]> {
  const { id } = await server.engine.vms.get(ADMIN, name);
  return (installation.world.vms.get(id)?.packs ?? []).map((pack) => `${pack.name}@${pack.version}`);
}

it('are resolved to exact versions, built, and given to the machine before it is running', async () => {
  const operation = await create('bird', ['nodejs@20', 'bun', 'git@2.39']);

  expect(operation.steps.map(({ name }) => name)).toEqual([
    ...['ensure-image', 'create-disk', 'ensure-tools', 'start-machine', 'await-guest', 'attach-tools'],
  ]);
  const { spec, status } = await server.engine.vms.get(ADMIN, 'bird');
  expect(status.phase).toBe('running');
  expect(spec.tools.map(({ name, version }) => `${name}@${version}`)).toEqual([
    'nodejs@20.19.5',
    'bun@1.2.3',
    'git@2.39.5',
  ]);
  expect(spec.tools.every(({ digest }) => digest !== null)).toBe(true);
  expect(await toolsOf('bird')).toEqual(['nodejs@20.19.5', 'bun@1.2.3', 'git@2.39.5']);
});

it('cost a second VM no build, and of two requests for one tool the later one counts', async () => {
  await create('bird', ['nodejs@20']);

  const operation = await create('wren', ['nodejs@22', 'nodejs@20']);

  expect(operation.steps.map(({ name }) => name)).not.toContain('ensure-tools');
  expect(await toolsOf('wren')).toEqual(['nodejs@20.19.5']);
});

it('are there in each life, and also where the cache has been emptied or the server was another one', async () => {
  await create('bird', ['nodejs@20']);
  const [pack] = (await server.engine.tools.list(ADMIN)).flatMap((entry) => entry.packs);
  await server.stop();
  // Another one, whose cache has nothing.
  server = await installation.start();
  expect((await server.engine.tools.list(ADMIN)).flatMap((entry) => entry.packs)).toEqual([]);

  const restarted = await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 });
  const operation = await finish(server, restarted.operation);

  expect(operation.steps.map(({ name }) => name)).not.toContain('ensure-tools');
  expect(await toolsOf('bird')).toEqual(['nodejs@20.19.5']);
  expect((await server.engine.vms.get(ADMIN, 'bird')).spec.tools[0]?.digest).toBe(pack?.digest);
});

it('are given to a machine that runs, when its VM is changed', async () => {
  await create('bird', ['git@2.39']);
  const { digest } = (await server.engine.vms.get(ADMIN, 'bird')).spec.tools[0] ?? {};

  const changed = await server.engine.vms.update(ADMIN, 'bird', { tools: ['nodejs@20', 'git@2.39'] }, {});

  if (changed.operation === null) throw new Error('nothing is done about it');
  const operation = await finish(server, changed.operation);
  expect(operation).toMatchObject({ kind: 'vm.update', state: 'succeeded' });
  expect((await toolsOf('bird')).toSorted()).toEqual(['git@2.39.5', 'nodejs@20.19.5']);
  const { spec, status, incarnation } = await server.engine.vms.get(ADMIN, 'bird');
  expect({ phase: status.phase, incarnation }).toEqual({ phase: 'running', incarnation: 1 });
  expect(spec.tools).toMatchObject([{ name: 'nodejs' }, { name: 'git', digest }]);
  const same = await server.engine.vms.update(ADMIN, 'bird', { tools: ['nodejs@20', 'git@2.39'] }, {});
  expect(same.operation).toBeNull();
});

it('are refused by name, with what there is, before anything is stored', async () => {
  const refusals: readonly (readonly [string, string, readonly string[]])[] = [
    ['teapot', 'tool.unknown', ['nodejs', 'bun', 'git', 'claude-code', 'go', 'python', 'cloud-init', 'broken']],
    ['nodejs@3', 'tool.unknown_version', ['22.11.0', '20.19.5', '20.18.0']],
  ];
  for (const [tool, reason, allowed] of refusals) {
    await expect(create('crow', [tool])).rejects.toMatchObject({
      code: 'invalid_argument',
      reason,
      details: { allowed },
    });
  }
  await expect(create('crow', ['Node JS'])).rejects.toMatchObject({ reason: 'tool.invalid_request' });
  await expect(server.engine.vms.get(ADMIN, 'crow')).rejects.toMatchObject({ reason: 'vm.unknown' });
});

it('that cannot be built fail the creation with why, and nothing is started', async () => {
  const operation = await create('crow', ['broken']);

  expect(operation).toMatchObject({ state: 'failed', error: { reason: 'tool.build_failed' } });
  const crow = await server.engine.vms.get(ADMIN, 'crow');
  expect(crow.status).toMatchObject({ phase: 'failed', failure: { reason: 'tool.build_failed' } });
  expect(installation.world.vms.get(crow.id)?.machine).toBeNull();
});

it('whose giving fails once are given at the next try', async () => {
  const operation = await create('bird', ['bun'], { 'simulate.attach_error': 'unavailable:1' });

  expect(operation.state).toBe('succeeded');
  expect(operation.steps.filter(({ name }) => name === 'attach-tools').map(({ state }) => state)).toEqual([
    'failed',
    'succeeded',
  ]);
  expect(await toolsOf('bird')).toEqual(['bun@1.2.3']);
});

it('are built by themselves when asked for, listed with what was built, and removed unless a VM has them', async () => {
  const { engine } = server;
  const built = await finish(server, await engine.tools.build(ADMIN, { name: 'nodejs', range: '20' }));
  expect(built.result).toMatchObject({ name: 'nodejs', version: '20.19.5' });
  await create('bird', ['nodejs@20']);

  await expect(engine.tools.remove(ADMIN, 'nodejs')).rejects.toMatchObject({
    reason: 'tool.in_use',
    details: { used_by: ['bird'] },
  });
  await expect(engine.tools.remove(ADMIN, 'git')).rejects.toMatchObject({ reason: 'tool.not_built' });
  await finish(server, (await engine.vms.delete(ADMIN, 'bird', {})).operation);

  expect(await engine.tools.remove(ADMIN, 'nodejs@20.19.5')).toMatchObject([{ name: 'nodejs', version: '20.19.5' }]);
  expect((await engine.tools.list(ADMIN)).find(({ name }) => name === 'nodejs')?.packs).toEqual([]);
});

it('are in forks of the machine, without being given again', async () => {
  await create('bird', ['bun']);
  const forking = { count: 1, names: ['wren'], namePrefix: null, labels: {} };
  const { operation } = await server.engine.snapshots.fork(ADMIN, 'bird', forking);
  await finish(server, operation);
  await server.engine.vms.wait(
    ADMIN,
    'wren',
    { phase: 'running' },
    { timeoutMs: 10_000, signal: new AbortController().signal },
  );

  expect(await toolsOf('wren')).toEqual(['bun@1.2.3']);
});

it('have labels by their names, also by another one, that stay when nothing of them is built', async () => {
  const labelled = await server.engine.tools.update(ADMIN, 'nodejs', { labels: { tier: 'front' } });
  expect(labelled).toMatchObject({ name: 'nodejs', labels: { tier: 'front' }, packs: [] });
  const named = async (selector: string) =>
    (await server.engine.tools.list(ADMIN, { selector })).map(({ name }) => name);

  expect(await named('tier=front')).toEqual(['nodejs']);
  expect(await named('!tier')).not.toContain('nodejs');
  await create('bird', ['nodejs@20']);
  expect((await server.engine.tools.list(ADMIN, { selector: 'tier' })).flatMap(({ packs }) => packs)).toHaveLength(1);
  expect(await server.engine.tools.update(ADMIN, 'nodejs', {})).toMatchObject({ labels: { tier: 'front' } });
  await server.engine.tools.update(ADMIN, 'nodejs', { labels: {} });
  expect(await named('tier')).toEqual([]);

  await expect(server.engine.tools.update(ADMIN, 'teapot', { labels: {} })).rejects.toMatchObject({
    ...{ code: 'invalid_argument', reason: 'tool.unknown' },
  });
  await expect(
    server.engine.tools.update(principalWith('maker', 'tool:build'), 'nodejs', { labels: {} }),
  ).rejects.toMatchObject({ details: { required_permission: 'tool:update' } });
});
