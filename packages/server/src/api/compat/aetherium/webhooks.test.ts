import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@volary/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSlack } from '../../../../../../test/vendors/slack.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../../testing/run-server.ts';
import { type Aetherium, runAetherium } from './aetherium.test-kit.ts';
import { fromDiscord, fromGithub, fromSlack, interaction, SECRETS, type Sent } from './webhooks.test-kit.ts';

let here: Aetherium;
beforeAll(async () => {
  here = await runAetherium(SECRETS);
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

/** As the document has them. */
const GITHUB = { action: 'opened', pull_request: { number: 123, title: 'Fix bug' } };
const SLACK = { type: 'slash_command', command: '/aetherium-status', user_id: 'U123456', channel_id: 'C123456' };
const words = expect.stringMatching(/\w/);
const fault = (code: number, error: string) => ({ status: code, body: { error, message: words, code } });

async function eventsOf(filter: (data: Readonly<Record<string, unknown>>) => boolean) {
  const { items } = await here.client.events.list({ types: ['integration.event'], limit: 200 });
  return items.filter(({ data }) => filter(data));
}

describe('a webhook', () => {
  it('of GitHub, as the document has it, is an event of the log for everybody who may read it', async () => {
    expect(await fromGithub(here, GITHUB, { id: 'first' })).toMatchObject({ status: 200, body: { status: 'ok' } });

    expect(await eventsOf((data) => data['delivery_id'] === 'first')).toEqual([
      expect.objectContaining({
        ...{ type: 'integration.event', subject: 'github', vm_id: null, owner: null },
        data: {
          ...{ integration: 'github', kind: 'pull_request', action: 'opened', delivery_id: 'first' },
          summary: { number: 123, title: 'Fix bug' },
        },
      }),
    ]);
  });

  it('of Slack, as the document has it, is a command that is answered', async () => {
    const { status, body } = await fromSlack(here, SLACK);
    expect({ status, ...body }).toMatchObject({ status: 200, response_type: 'ephemeral' });
    expect(body['text']).toMatch(/^Aetherium is well\.\nVMs: \d/);
  });

  it('that was processed is answered again, and nothing is done; so is its body by another name', async () => {
    const body = { action: 'closed', issue: { number: 1, title: 'twice' } };
    const first = await fromGithub(here, body, { event: 'issues', id: 'twice' });
    const again = await fromGithub(here, body, { event: 'issues', id: 'twice' });
    const replayed = await fromGithub(here, body, { event: 'issues', id: 'thrice' });

    expect([first, again, replayed].map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await eventsOf(({ summary }) => JSON.stringify(summary).includes('twice'))).toHaveLength(1);
  });

  it('that comes many times at once is one event', async () => {
    const event = { type: 'event_callback', event_id: 'EvOnce', event: { type: 'message', text: 'hi', user: 'U1' } };
    const sent = await Promise.all(Array.from({ length: 10 }, () => fromSlack(here, event)));

    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await eventsOf((data) => data['delivery_id'] === 'EvOnce')).toHaveLength(1);
  });

  it('by which somebody looks whether anybody is here is answered, and is no event', async () => {
    const before = (await eventsOf(() => true)).length;
    expect((await fromSlack(here, { type: 'url_verification', challenge: 'xyz' })).body).toEqual({ challenge: 'xyz' });
    expect((await fromDiscord(here, { id: '1', type: 1 })).body).toEqual({ type: 1 });
    expect(await eventsOf(() => true)).toHaveLength(before);
  });

  it('is 401 without the right signature, or with one that is too old', async () => {
    for (const name of ['github', 'slack', 'discord'])
      expect(await here.ask('POST', `/api/v1/webhooks/${name}`, GITHUB)).toMatchObject(fault(401, 'Unauthorized'));
    expect(await fromGithub(here, GITHUB, { secret: 'another' })).toMatchObject(fault(401, 'Unauthorized'));
    expect(await fromSlack(here, SLACK, { secret: 'another' })).toMatchObject(fault(401, 'Unauthorized'));
    expect(await fromSlack(here, SLACK, { ageSeconds: 310 })).toMatchObject(fault(401, 'Unauthorized'));
    expect(await fromSlack(here, SLACK, { ageSeconds: -310 })).toMatchObject(fault(401, 'Unauthorized'));
  });

  it('is 400 for what is no JSON object, 413 for what is too long, 404 for what there is not', async () => {
    for (const body of ['{', '[]', '"a"', '\ud800'])
      expect(await fromGithub(here, body)).toMatchObject(fault(400, 'Bad Request'));
    expect(await fromSlack(here, { type: 'slash_command' })).toMatchObject(fault(400, 'Bad Request'));
    expect(await fromGithub(here, { text: 'x'.repeat(1_100_000) })).toMatchObject(fault(413, 'Payload Too Large'));
    for (const name of ['gitlab', 'constructor', '%2e%2e'])
      expect(await here.ask('POST', `/api/v1/webhooks/${name}`, GITHUB)).toMatchObject(fault(404, 'Not Found'));
  });

  it('finds the server at no loss, whatever is signed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.object(), fc.jsonValue(), fc.string({ unit: 'binary' })), async (value) => {
        const body = typeof value === 'string' ? value : JSON.stringify(value);
        const { status } = body === '' ? { status: 400 } : await fromGithub(here, body, { event: 'push' });
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 50 },
    );
  });

  it('counts against the limit of where it comes from, before anybody looks at it', async () => {
    await using limited = await runAetherium({ ...SECRETS, VOLARY_RATE_LIMIT: '' });
    const sent: Sent[] = [];
    for (let i = 0; i < 125; i++) sent.push(await fromGithub(limited, GITHUB, { secret: 'another' }));

    expect(sent.at(-1)).toMatchObject(fault(429, 'Too Many Requests'));
    expect(sent.at(-1)?.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});

describe('a command', () => {
  it('tells how the server and its VMs are', async () => {
    await here.create('seen');
    const { vms } = (await here.ask<{ readonly vms: readonly unknown[] }>('GET', '/api/v1/vms')).body;
    const { body } = await fromSlack(here, { ...SLACK, trigger_id: 'a.1' }, { form: true });

    expect(body).toMatchObject({ response_type: 'ephemeral', mrkdwn: false });
    expect(body['text']).toMatch(
      new RegExp(
        `^Aetherium is well\\.\nVMs: ${vms.length} \\([^)]*\\d running[^)]*\\)\nParts: database healthy, event_bus healthy, github healthy, slack healthy, discord healthy$`,
      ),
    );
  });

  it('tells how the server is, also where the other side says nothing of itself', async () => {
    await using vendor = await startSlack({ tokens: {}, channels: [] });
    vendor.failAll('silence');
    const dir = await mkdtemp(join(tmpdir(), 'volary-test-config-'));
    const file = join(dir, 'volary.yaml');
    await writeFile(file, `integrations: { slack: { api_url: "${vendor.apiUrl}" } }`);
    await using own = await runAetherium({ ...SECRETS, SLACK_BOT_TOKEN: 'xoxb-1' }, ['--config', file]);
    await rm(dir, { recursive: true });

    const { body } = await fromSlack(own, SLACK);
    expect(vendor.requests).toHaveLength(1);
    expect(body['text']).toMatch(/^Aetherium is not well\.\nVMs: 0\nParts: .*, slack unhealthy, discord healthy$/);
  });

  it('lists the VMs that there are', async () => {
    const id = await here.create('listed');
    const { body } = await fromSlack(here, { ...SLACK, command: '/aetherium-vm-list', trigger_id: 'b.1' });

    expect(String(body['text']).split('\n')[0]).toBe(`listed  running  1 vCPU  256 MB  ${id}`);
  });

  it('lists as many VMs as an answer of Discord has room for, each whole, and says how many more there are', async () => {
    await using own = await runAetherium(SECRETS);
    const names = Array.from({ length: 22 }, (_, i) => `${'x'.repeat(55)}-${i + 10}`);
    for (const name of names) await own.client.vms.create({ name, memory_mib: 256, start: false });
    const { body } = await fromDiscord(own, interaction('aetherium-vm-list'));
    const { content } = JSON.parse(JSON.stringify(body['data']));
    const shown: readonly string[] = content.split('\n').slice(1, -1);

    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(shown.length).toBeGreaterThan(10);
    const listed = shown.slice(0, -1).map((line) => /^(\S+) .* [\da-f-]{36}$/.exec(line)?.[1]);
    expect(listed).toEqual(names.toReversed().slice(0, listed.length));
    expect(shown.at(-1)).toBe(`… and ${22 - listed.length} more that were made before.`);
  });

  it('makes a VM, once for each that is sent, and tells of its task', async () => {
    const asked = {
      ...{ ...SLACK, command: '/aetherium-vm-create', trigger_id: 'c.1' },
      text: 'made vcpus=2 memory_mb=512 tools=go',
    };
    const { body } = await fromSlack(here, asked, { form: true });
    expect(await fromSlack(here, asked, { form: true })).toMatchObject({ status: 200, body: {} });
    const [, task = ''] = /^made is being created: 2 vCPU, 512 MB\.\nTask (\S+):/.exec(String(body['text'])) ?? [];
    const { status, result } = await here.finish(task);

    expect(status).toBe('completed');
    expect(await here.client.vms.get('made')).toMatchObject({ vcpus: 2, memory_mib: 512, owner: 'slack' });
    const told = async (trigger_id: string, text: string) =>
      (await fromSlack(here, { ...SLACK, command: '/aetherium-task', text, trigger_id })).body['text'];
    expect(await told('c.2', task)).toBe('vm:create of made, which is running now: completed');

    const execution = await here.ask<{ readonly task_id: string }>('POST', `/api/v1/vms/${result?.['vm_id']}/execute`, {
      command: 'false',
    });
    await here.finish(execution.body.task_id);
    expect(await told('c.3', execution.body.task_id)).toMatch(/^vm:execute of false: completed, exit code \d+$/);
  });

  it('of Discord is answered likewise', async () => {
    const options = [
      { name: 'name', type: 3, value: 'by-discord' },
      { name: 'vcpus', type: 4, value: 2 },
    ];
    const { status, body } = await fromDiscord(here, interaction('aetherium-vm-create', options));

    expect(status).toBe(200);
    expect(body).toMatchObject({ type: 4, data: { flags: 64, allowed_mentions: { parse: [] } } });
    expect(JSON.stringify(body)).toContain('by-discord is being created: 2 vCPU');
    expect(await here.client.vms.get('by-discord')).toMatchObject({ owner: 'discord' });
  });

  it('of Discord has its options as they were filled in', async () => {
    const told = async (name: string, given: Readonly<Record<string, unknown>>) => {
      const options = Object.entries(given).map(([each, value]) => ({ name: each, type: 3, value }));
      return JSON.stringify((await fromDiscord(here, interaction(name, options))).body);
    };
    const made = await told('aetherium-vm-create', { name: 'by-options', tools: 'go, python' });
    const [, task = ''] = /Task ([\w-]+):/.exec(made) ?? [];

    expect(made).toContain('by-options is being created');
    expect((await here.finish(task)).status).toBe('completed');
    const tools = (await here.client.vms.get('by-options')).tools.map(({ name }) => name);
    expect(tools).toEqual(expect.arrayContaining(['go', 'python']));
    expect(await told('aetherium-task', { id: ` ${task} ` })).toContain(
      'vm:create of by-options, which is running now',
    );
    expect(await told('aetherium-vm-create', { name: 'one vcpus=2' })).toContain('name');
    expect(await told('aetherium-vm-create', { name: 'one', text: 'two' })).toContain('given twice');
    expect(await told('aetherium-vm-create', { name: 'one', fast: true })).toContain('is none of');
    expect(await told('aetherium-task', { task })).toContain('is none of: id');
    expect(await told('aetherium-status', { all: 'yes' })).toContain('takes nothing');
    await expect(here.client.vms.get('one')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('that cannot be done says why to who has asked alone', async () => {
    const told = async (command: string, text: string) => {
      const { status, body } = await fromSlack(here, { ...SLACK, command, text });
      return { status, type: body['response_type'], text: body['text'] };
    };
    const ephemeral = (text: unknown) => ({ status: 200, type: 'ephemeral', text });
    await here.create('taken');

    expect(await told('/aetherium-vm-create', 'taken')).toEqual(ephemeral(expect.stringContaining('taken')));
    expect(await told('/aetherium-vm-create', 'a vcpus=999')).toEqual(ephemeral(expect.stringContaining('vcpus')));
    expect(await told('/aetherium-vm-create', 'a b')).toEqual(ephemeral(expect.stringContaining('given twice')));
    expect(await told('/aetherium-vm-create', 'colour=red')).toEqual(ephemeral(expect.stringContaining('is none of')));
    expect(await told('/aetherium-vm-create', 'a vcpus=two')).toEqual(ephemeral(expect.stringContaining('number')));
    expect(await told('/aetherium-vm-list', 'all')).toEqual(ephemeral(expect.stringContaining('takes nothing')));
    expect(await told('/aetherium-task', '')).toEqual(ephemeral(expect.stringContaining('is missing')));
    expect(await told('/aetherium-task', 'x')).toEqual(ephemeral(expect.stringContaining('not a valid UUID')));
    expect(await told('/aetherium-delete-all', '')).toEqual(
      ephemeral(expect.stringMatching(/^There is no command \/aetherium-delete-all\. There are:\n\/aetherium-status/)),
    );
    const [last] = (await eventsOf((data) => data['action'] === '/aetherium-delete-all')).slice(-1);
    expect(last?.data).toMatchObject({ result: 'refused', reason: 'integration.unknown_command' });
  });

  it('is done by a user of the integration, whom the audit names with who has sent it', async () => {
    await fromSlack(here, { ...SLACK, command: '/aetherium-vm-create', text: 'audited', user_id: 'U777' });

    const { items } = await here.client.audit.list({ action: 'vm.create', principal: 'slack' });
    expect(items.find(({ target }) => target.name === 'audited')).toMatchObject({
      ...{ principal: 'slack', credential: { kind: 'integration', id: 'U777' }, result: 'ok' },
    });
    expect(await here.client.users.get('slack')).toMatchObject({ source: 'integration', roles: ['operator'] });
  });

  it('is refused as soon as an administrator takes the right to it away', async () => {
    await using own = await runAetherium(SECRETS);
    await fromSlack(own, SLACK);
    await own.client.users.update('slack', { roles: ['viewer'] });
    const { body } = await fromSlack(own, { ...SLACK, command: '/aetherium-vm-create', text: 'refused' });

    expect(body['text']).toBe('This needs the permission vm:create.');
    await own.client.users.update('slack', { state: 'disabled' });
    expect((await fromSlack(own, { ...SLACK, trigger_id: 'z.1' })).body['text']).toMatch('may not come in');
    const refusals = async () => (await own.client.audit.list({ principal: 'slack' })).items;
    await expect
      .poll(refusals)
      .toContainEqual(expect.objectContaining({ action: 'vm.create', result: 'refused', reason: 'access.denied' }));
  });
});

it('has a user that nobody is by the word of a header', async () => {
  await using own = await runAetherium({ ...SECRETS, VOLARY_DEV_AUTH: 'on' });
  await fromSlack(own, SLACK);
  const asWhom = async (name: string) =>
    (await fetch(`${own.server.url}/vm-api/api/v1/workspaces`, { headers: { 'x-user': name } })).status;

  // The one is there, the other would come with its first command.
  expect([await asWhom('slack'), await asWhom('discord'), await asWhom('ann')]).toEqual([401, 401, 200]);
  expect((await fromDiscord(own, interaction('aetherium-status'))).body).toMatchObject({
    data: { content: expect.stringContaining('Aetherium is well.') },
  });
});

it('is told to who follows the updates, as a notification of an integration', async () => {
  const socket = new WebSocket(`${here.base.replace('http', 'ws')}/api/v1/ws?api_key=${ADMIN_KEY}`);
  const heard = new Promise<unknown>((resolve, reject) => {
    socket.addEventListener('error', reject);
    socket.addEventListener('message', ({ data }) => {
      const message: { readonly type: string } = JSON.parse(String(data));
      if (message.type === 'subscribed') void fromGithub(here, { zen: 'Approachable is better.' }, { event: 'ping' });
      if (message.type === 'integration') resolve(message);
    });
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'subscribe', topics: ['integrations'] })));
  });
  expect(await heard).toMatchObject({
    timestamp: words,
    data: {
      integration: 'github',
      kind: 'ping',
      summary: { zen: 'Approachable is better.' },
      sequence: expect.any(Number),
    },
  });
  socket.close();
});

it('is known again by the next server, however the last one ended', async () => {
  await using server = await runServer({ ...SECRETS, VOLARY_RATE_LIMIT: 'off' }, ['--listen', 'aetherium=127.0.0.1:0']);
  const count = async ({ url }: RunningServer) =>
    (await createClient({ baseUrl: url, apiKey: ADMIN_KEY }).events.list({ types: ['integration.event'] })).items
      .length;
  const send = async ({ faces }: RunningServer) =>
    (await fromGithub({ base: faces['aetherium'] ?? '' }, GITHUB, { id: 'redelivered' })).status;
  expect([await send(server), await count(server)]).toEqual([200, 1]);

  await using another = await server.killAndStartAnother();

  expect([await send(another), await count(another)]).toEqual([200, 1]);
});

it('tells of each integration how it is, of one that is not connected with that', async () => {
  const health = await here.ask<{ readonly components: object }>('GET', '/health', undefined, {});
  expect(health.body.components).toMatchObject({ github: 'healthy', slack: 'healthy', discord: 'healthy' });
  const parts = (await here.client.system.health()).components;
  expect(parts.filter(({ name }) => ['github', 'slack', 'discord'].includes(name))).toMatchObject([
    { name: 'github', status: 'ok', detail: expect.stringContaining('no token') },
    { name: 'slack', status: 'ok' },
    { name: 'discord', status: 'ok' },
  ]);
});
