import { type Route, routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

/* Labels, and lists by them. */

let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const LISTS: readonly Route[] = Object.values(routes).filter(
  ({ operationId, path }: Route) => operationId.startsWith('list') && !path.includes('{'),
);
const hasSelector = ({ query }: Route): boolean => query !== undefined && 'selector' in query.properties;

/** Whether what is listed has labels, by its schema. */
function hasLabels({ responses }: Route): boolean {
  const schema = JSON.stringify(responses[200]?.content[0]?.schema ?? {});
  const page: { properties?: { items?: { items?: { properties?: object } } } } = JSON.parse(schema);
  return 'labels' in (page.properties?.items?.items?.properties ?? {});
}

describe('lists of what has labels', () => {
  it('are all by selector, and so is that of templates, by their newest version', () => {
    expect(LISTS.filter(hasLabels).length).toBeGreaterThanOrEqual(14);
    expect(LISTS.filter((route) => hasLabels(route) && !hasSelector(route)).map(({ path }) => path)).toEqual([]);
    expect(LISTS.filter(hasSelector).map(({ path }) => path)).toContain('/v1/templates');
  });

  it.each(LISTS.filter(hasSelector).map((route) => [route.path, route] as const))(
    '%s refuses a selector that is none',
    async (_path, route) => {
      const answer = await send(server.url, route, { query: { selector: 'a in' } });

      expect(JSON.parse(answer.text)).toMatchObject({ status: 400, reason: 'selector.invalid' });
      expect((await send(server.url, route, { query: { selector: 'a!=b,!nobody-has-this' } })).status).toBe(200);
    },
  );
});

describe('labels', () => {
  const namesOf = async (all: AsyncIterable<{ readonly name?: string; readonly url?: string | null }>) => {
    const names: (string | undefined)[] = [];
    for await (const { name, url } of all) names.push(name ?? url ?? undefined);
    return names;
  };

  it('of networks, security groups, webhooks and secrets are given, changed, and found by', async () => {
    const labels = { tier: 'front' };
    const other = { labels: { tier: 'back' } };
    await client.networks.create({ name: 'blue', cidr: '10.90.0.0/24', labels });
    await client.securityGroups.create({ name: 'web', labels });
    await client.webhooks.create({ url: 'http://hooks.invalid/', labels, is_enabled: false });
    await client.secrets.create({ name: 'TOKEN', value: 'of a test', labels });
    const found = async (selector: string) => [
      await namesOf(client.networks.listAll({ selector })),
      await namesOf(client.securityGroups.listAll({ selector })),
      await namesOf(client.webhooks.listAll({ selector })),
      await namesOf(client.secrets.listAll({ selector })),
    ];
    const all = [['blue'], ['web'], ['http://hooks.invalid/'], ['TOKEN']];
    expect(await found('tier=front')).toEqual(all);
    expect(await found('tier=back')).toEqual([[], [], [], []]);

    await client.networks.update('blue', other);
    await client.securityGroups.update('web', other);
    const [hook] = (await client.webhooks.list({ selector: 'tier' })).items;
    await client.webhooks.update(hook?.id ?? '', other);
    await client.secrets.set('TOKEN', { value: 'of a test', ...other });

    expect(await found('tier=back')).toEqual(all);
    await expect(client.networks.update('blue', { labels: { tier: '\u0001' } })).rejects.toMatchObject({
      reason: 'request.invalid',
    });
  });

  it('of users, roles and API keys are given, changed, and found by', async () => {
    const labels = { team: 'blue' };
    const other = { labels: { team: 'red' } };
    await client.users.create({ name: 'ann', labels });
    await client.roles.put('deployer', { permissions: ['vm:read'], labels });
    const { id } = await client.apiKeys.create({ name: 'CI', labels });
    const found = async (selector: string) => [
      await namesOf(client.users.listAll({ selector })),
      (await client.roles.list({ selector })).items.map(({ name }) => name),
      await namesOf(client.apiKeys.listAll({ selector })),
    ];
    const all = [['ann'], ['deployer'], ['CI']];
    expect(await found('team=blue')).toEqual(all);
    expect(await found('team=red')).toEqual([[], [], []]);

    await client.users.update('ann', other);
    await client.roles.put('deployer', { permissions: ['vm:read'], ...other });
    await client.apiKeys.update(id, other);

    expect(await found('team=red')).toEqual(all);
    expect((await client.audit.list({ action: 'user.update' })).items[0]?.details).toEqual({ changed: ['labels'] });
    await client.roles.put('deployer', { permissions: ['vm:read'] });
    await client.users.delete('ann');
    expect((await client.users.get('ann')).labels).toEqual({});
    expect(await found('team')).toEqual([[], [], ['CI']]);
    expect((await client.roles.list({ selector: '!team' })).items.map(({ name }) => name)).toContain('admin');
  });

  it('of images and tools are given, changed, and found by', async () => {
    const disk = { url: 'https://images.example/disk.qcow2', sha256: 'a'.repeat(64), format: 'qcow2' } as const;
    const made = await client.images.define({ name: 'web', disk, labels: { tier: 'front' } });
    await client.operations.finish(made.id);
    await client.tools.update('bun', { labels: { tier: 'front' } });
    const found = async (selector: string) => [
      (await client.images.list({ selector })).items.map(({ name }) => name),
      (await client.tools.list({ selector })).items.map(({ name }) => name),
    ];
    expect(await found('tier=front')).toEqual([['web'], ['bun']]);

    expect(await client.images.update('web', { labels: { tier: 'back' } })).toMatchObject({ labels: { tier: 'back' } });
    await client.tools.update('bun', { labels: { tier: 'back' } });

    expect(await found('tier=front')).toEqual([[], []]);
    expect(await found('tier=back')).toEqual([['web'], ['bun']]);
  });

  it('of templates are those of their newest version', async () => {
    const manifest = (version: string, tier: string) => ({
      schema_version: 1,
      name: 'shop',
      version,
      labels: { tier },
    });
    for (const [version, tier] of [
      ['1.0.0', 'old'],
      ['2.0.0', 'new'],
    ] as const)
      await client.operations.finish((await client.templates.create(manifest(version, tier))).id);

    expect(await namesOf(client.templates.listAll({ selector: 'tier=new' }))).toEqual(['shop']);
    expect(await namesOf(client.templates.listAll({ selector: 'tier=old' }))).toEqual([]);
  });
});
