import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { slackLimit } from '../../../../../test/vendors/slack.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { startVendors, type Vendors } from './testing/vendors.test-kit.ts';

const CHANNEL = 'C0123456789';
let vendors: Vendors;
let server: RunningServer;
let client: VolaryClient;

beforeAll(async () => {
  vendors = await startVendors();
  server = await runServer({}, vendors.flags);
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await vendors?.[Symbol.asyncDispose]();
});
afterEach(() => vendors.slack.failAll(null));

async function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${server.url}/v1/integrations/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe('what integrations send on request', () => {
  it('arrives there, and is answered with where it is', async () => {
    const pull = await post('github/pull-requests', {
      ...{ repository: 'acme/web', title: 'Feature', head: 'feature', base: 'main', body: 'Closes #7' },
    });
    const comment = await post('github/comments', { repository: 'acme/web', issue: 8, body: '**It runs.**' });
    const slack = await post('slack/messages', { channel: '#general', text: '*It runs.*' });
    const discord = await post('discord/messages', { channel: '123456789012345678', text: '@everyone' });

    expect([pull, comment, slack, discord]).toMatchObject([
      { status: 201, body: { number: 8, url: 'https://github.example/acme/web/pull/8' } },
      { status: 201, body: { id: '1', url: 'https://github.example/acme/web/issues/8#issuecomment-1' } },
      { status: 201, body: { id: '1700000000.000001', channel: CHANNEL } },
      { status: 201, body: { id: '1000', channel: '123456789012345678' } },
    ]);
    expect(vendors.github.pulls).toMatchObject([{ title: 'Feature', body: 'Closes #7', draft: false }]);
    expect(vendors.slack.messages.at(-1)?.text).toBe('*It runs.*');
    expect(vendors.discord.messages.at(-1)).toMatchObject({ content: '@everyone', mentionsEveryone: false });
  });

  it('is sent once for one key, and answered as it was', async () => {
    const before = vendors.slack.messages.length;
    const key = { 'idempotency-key': 'once' };
    const first = await post('slack/messages', { channel: CHANNEL, text: 'Once' }, key);
    const second = await post('slack/messages', { channel: CHANNEL, text: 'Once' }, key);

    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(vendors.slack.messages.length).toBe(before + 1);
  });

  it('that nobody knows of is not sent again for the same key', async () => {
    const before = vendors.slack.messages.length;
    const key = { 'idempotency-key': 'unknown' };
    vendors.slack.failNext('unread');
    const first = await post('slack/messages', { channel: CHANNEL, text: 'Perhaps' }, key);
    const second = await post('slack/messages', { channel: CHANNEL, text: 'Perhaps' }, key);

    expect(first).toMatchObject({
      ...{
        status: 503,
        body: { reason: 'integration.unavailable', retryable: true, detail: expect.stringMatching(/all the same[.]$/) },
      },
    });
    expect(second).toMatchObject({ status: 409, body: { reason: 'idempotency.outcome_unknown' } });
    expect(vendors.slack.messages.length).toBe(before + 1);
  });

  it('that was refused may be asked for again with the same key', async () => {
    const key = { 'idempotency-key': 'refused' };
    const refused = await post('slack/messages', { channel: 'C9', text: 'x' }, key);
    const again = await post('slack/messages', { channel: 'C9', text: 'x' }, key);

    for (const { status, body } of [refused, again]) {
      expect([status, body]).toMatchObject([
        409,
        { reason: 'integration.refused', detail: 'Slack has refused it: channel_not_found.' },
      ]);
    }
  });

  it('says when it was too much, and when to come again', async () => {
    vendors.slack.failNext(slackLimit(30));
    const limited = await post('slack/messages', { channel: CHANNEL, text: 'x' });

    expect(limited).toMatchObject({
      ...{ status: 503, body: { reason: 'integration.unavailable', details: { retry_after_ms: 30_000, status: 429 } } },
    });
    expect(JSON.stringify(limited.body)).not.toContain('all the same');
  });

  it.each([
    ['github/pull-requests', { repository: 'a/..', title: 'x', head: 'x', base: 'y' }],
    ['github/pull-requests', { repository: 'acme/web', title: '\n', head: 'x', base: 'y' }],
    ['github/comments', { repository: 'acme/web', issue: 0, body: 'x' }],
    ['github/comments', { repository: 'acme/web/issues', issue: 1, body: 'x' }],
    ['slack/messages', { channel: 'C1/../C2', text: 'x' }],
    ['slack/messages', { channel: CHANNEL, text: 'x'.repeat(40_001) }],
    ['discord/messages', { channel: '', text: 'x' }],
  ])('%s refuses %j before anybody else hears of it', async (path, body) => {
    const before = [vendors.github, vendors.slack, vendors.discord].map(({ requests }) => requests.length);
    const refused = await post(path, body);

    expect(refused).toMatchObject({ status: 400, body: { reason: 'request.invalid' } });
    expect([vendors.github, vendors.slack, vendors.discord].map(({ requests }) => requests.length)).toEqual(before);
  });

  it('is written down with who asked for it and where it went, not with what it says', async () => {
    await post('github/comments', { repository: 'acme/web', issue: 7, body: 'Of nobody’s business' });
    const { items } = await client.audit.list({ action: 'integration.send', result: 'ok', limit: 1 });

    expect(items).toMatchObject([
      {
        ...{ principal: 'admin', target: { kind: 'integration', name: 'github' } },
        details: { what: 'comment', repository: 'acme/web', issue: 7 },
      },
    ]);
    expect(JSON.stringify(items)).not.toContain('business');
  });

  it('needs the right to send', async () => {
    const { key } = await client.apiKeys.create({ name: 'reader', permissions: ['integration:read', 'event:*'] });
    const headers = { authorization: `Bearer ${key}` };
    const refused = await post('slack/messages', { channel: CHANNEL, text: 'x' }, headers);

    expect(refused).toMatchObject({ status: 403, body: { reason: 'access.denied' } });
  });

  it('never tells a token, also not in the log', async () => {
    vendors.slack.failAll({ status: 500, body: { ok: false, error: 'xoxb-of-tests' } });
    const failed = await post('slack/messages', { channel: CHANNEL, text: 'x' });

    expect(JSON.stringify(failed.body) + server.log()).not.toMatch(/xoxb-of-tests|ghp_of-tests|of\.tests/);
  });
});

describe('webhooks with targets over HTTP', () => {
  it('are made, shown, tested and changed, and their dead ones listed', async () => {
    const hook = await client.webhooks.create({ target: { integration: 'slack', channel: 'C9' }, is_enabled: false });
    const dead = await client.webhooks.test(hook.id);
    const listed = await client.webhooks.listDeliveries({ state: 'dead', limit: 1 });
    const changed = await client.webhooks.update(hook.id, { target: { integration: 'slack', channel: CHANNEL } });
    const tested = await client.webhooks.test(hook.id);

    expect(hook).toMatchObject({ url: null, secret: null, secret_count: 0 });
    expect(dead).toMatchObject({ state: 'dead', last_try: { error: 'refused', response: 'channel_not_found' } });
    expect(listed.items.map(({ id }) => id)).toEqual([dead.id]);
    expect(changed.target).toEqual({ integration: 'slack', channel: CHANNEL });
    expect(tested.state).toBe('delivered');
    expect(vendors.slack.messages.at(-1)?.text).toBe('This is a test.');
  });

  it.each<[string, object]>([
    ['neither a URL nor a target', {}],
    ['both', { url: 'https://hooks.invalid/', target: { integration: 'slack', channel: 'C1' } }],
    ['a channel of GitHub', { target: { integration: 'github', channel: 'C1' } }],
    ['an issue of Slack', { target: { integration: 'slack', channel: 'C1', issue: 1 } }],
    ['nobody', { target: { integration: 'teams', channel: 'C1' } }],
  ])('are not made of %s', async (_what, body) => {
    const response = await fetch(`${server.url}/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

    expect([response.status, await response.json()]).toMatchObject([400, { reason: 'request.invalid' }]);
  });
});
