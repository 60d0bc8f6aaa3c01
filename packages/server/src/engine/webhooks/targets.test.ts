/** Webhooks that lead to integrations, by the real senders over HTTP, to vendors as strict as their documentation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDiscord } from '../../../../../test/vendors/discord.ts';
import { type Slack, slackLimit, startSlack } from '../../../../../test/vendors/slack.ts';
import { createIntegrations, type IntegrationConfigs } from '../../adapters/integrations/create-integrations.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { NotificationTarget } from '../../domain/integrations.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { Integration } from '../../ports/integration.ts';
import { userNamed } from '../identity/identity.test-kit.ts';
import { ADMIN } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { create as createVm } from '../vm-life.test-kit.ts';
import { QUICK, STAYING, startWebhookTrial, type WebhookTrial } from './webhook-trial.test-kit.ts';

const GENERAL: NotificationTarget = { integration: 'slack', channel: 'C1' };
const CHANNELS = [
  { id: 'C1', name: 'general' },
  { id: 'C9', name: 'old', isArchived: true },
];
const TO_GENERAL = { url: null, target: GENERAL } as const;
let slack: Slack;

beforeEach(async () => {
  slack = await startSlack({ tokens: { xoxb: ['chat:write'] }, channels: CHANNELS });
});
afterEach(async () => await slack[Symbol.asyncDispose]());

function connected(change: Partial<IntegrationConfigs> = {}): readonly Integration[] {
  const config = { botToken: 'xoxb', signingSecret: null, apiUrl: slack.apiUrl };
  const configs = { github: null, slack: config, discord: null, version: '1', ...change };
  return createIntegrations({ clock: createSystemClock() }, configs);
}

const start = (): Promise<WebhookTrial> => startWebhookTrial(QUICK, {}, connected());
const texts = (): readonly string[] => slack.messages.map(({ text }) => text);

async function run({ server }: WebhookTrial, vm: string): Promise<void> {
  const command = { argv: ['true'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 };
  const { updates } = await server.engine.executions.start(ADMIN, vm, command, STAYING);
  for await (const update of updates) if (update.kind === 'completed') return;
}

function idOf(delivery: Delivery | undefined): Delivery['id'] {
  if (delivery === undefined) throw new Error('nothing is dead');
  return delivery.id;
}

describe('a webhook with a target', () => {
  it('tells people of what it was asked for, in order, with the names of VMs', async () => {
    await using trial = await start();
    const hook = await trial.add({ ...TO_GENERAL, types: ['vm.created', 'vm.deleted', 'execution.completed'] });
    await createVm(trial.server, 'bird');
    await run(trial, 'bird');
    await slack.arrived(2);
    await trial.server.engine.vms.delete(ADMIN, 'bird', {});
    await slack.arrived(3);

    expect(hook).toMatchObject({ url: null, target: GENERAL, secrets: [] });
    expect(texts()).toEqual([
      'VM bird was created.',
      'Command true in VM bird has ended: exit code 0',
      'VM bird was deleted.',
    ]);
    expect(await trial.deliveriesOf(hook)).toEqual([]);
  });

  it('waits as long as it is asked to, and holds back what comes after', async () => {
    await using trial = await start();
    slack.failNext(slackLimit(0), { status: 500, body: '' }, 'unread');
    const hook = await trial.add({ ...TO_GENERAL, types: ['webhook.updated'] });
    await trial.tick(2);
    await slack.arrived(5);

    // What was done and not answered is done again: at least once.
    expect(slack.messages.length).toBe(3);
    await trial.until(hook, { failures: null });
    expect(await trial.deliveriesOf(hook)).toMatchObject([{ state: 'delivered', tries: 4 }]);
  });

  it('gives up at once what will never be taken, which can be sent again', async () => {
    await using trial = await start();
    const hook = await trial.add({
      ...TO_GENERAL,
      target: { integration: 'slack', channel: 'C9' },
      types: ['webhook.updated'],
    });
    await trial.tick();
    await trial.until(hook, { failures: { count: 1, since: expect.any(Number) } });
    const [dead] = (await trial.server.engine.webhooks.allDeliveries(ADMIN, { limit: 5, after: null, state: 'dead' }))
      .items;

    expect(dead).toMatchObject({
      ...{ webhookId: hook.id, tries: 1, lastTry: { status: 200, error: 'refused', response: 'is_archived' } },
    });
    await trial.server.engine.webhooks.update(ADMIN, hook.id, { target: GENERAL }, STAYING);
    await trial.server.engine.webhooks.replay(ADMIN, hook.id, {
      kind: 'delivery',
      id: idOf(dead),
    });
    await expect
      .poll(() => texts().toSorted())
      .toEqual(['Webhook 0 was changed: description', `Webhook ${hook.id} was changed: target`]);
  });

  it('is not told of what came in from integrations, which what is sent there would go on with for ever', async () => {
    await using trial = await start();
    const hook = await trial.add(TO_GENERAL);
    const event = { type: 'integration.event', subject: 'slack', vmId: null, owner: null, operationId: null } as const;
    await trial.server.store.events.append([{ ...event, at: 0, data: { integration: 'slack', kind: 'message' } }]);
    await trial.tick();
    await trial.until(hook, { cursor: hook.cursor + 2 });

    expect(texts()).toEqual(['Webhook 0 was changed: description']);
    await expect(trial.add({ ...TO_GENERAL, types: ['vm.failed', 'integration.event'] })).rejects.toMatchObject({
      ...{ code: 'invalid_argument', reason: 'webhook.echo' },
    });
  });

  it('is told by the next server of what was under way when this one ended', async () => {
    await using trial = await start();
    slack.failNext('silence');
    const hook = await trial.add({ ...TO_GENERAL, types: ['webhook.updated'] });
    await trial.tick();
    await slack.arrived(1);
    await trial.restart(() => {});
    await slack.arrived(2);

    await trial.until(hook, { cursor: hook.cursor + 1, failures: null });
    expect(slack.requests.length).toBe(2);
    expect(texts()).toEqual(['Webhook 0 was changed: description']);
    expect(await trial.deliveriesOf(hook)).toEqual([]);
  });

  it('makes one message of a notification that the server died over, at Discord', async () => {
    await using discord = await startDiscord({ tokens: ['secret'], channels: { '10': 'open' } });
    const config = { botToken: 'secret', publicKey: null, applicationId: null, apiUrl: discord.apiUrl };
    await using trial = await startWebhookTrial(QUICK, {}, connected({ discord: config }));
    const target = { integration: 'discord', channel: '10' } as const;
    const hook = await trial.add({ url: null, target, types: ['webhook.updated'] });
    await trial.tick();
    await trial.until(hook, { cursor: hook.cursor + 1 });
    // As the death of the server between the two leaves it: it was sent, and that is not written down.
    const { revision } = await trial.get(hook);
    const unwritten = { ...(await trial.get(hook)), cursor: hook.cursor, revision: revision + 1 };
    await trial.server.store.webhooks.update(unwritten);
    await trial.restart(() => {});
    await trial.until(hook, { cursor: hook.cursor + 1 });

    expect(discord.requests.length).toBe(2);
    expect(discord.messages.length).toBe(1);
    // Who asks for it again is told again.
    await trial.server.engine.webhooks.replay(ADMIN, hook.id, { kind: 'sequences', sequences: [hook.cursor + 1] });
    await expect.poll(() => discord.messages.length).toBe(2);
  });

  it('sends nothing again that came in from an integration', async () => {
    await using trial = await start();
    const hook = await trial.add({ ...TO_GENERAL, types: ['vm.failed'] });
    const elsewhere = await trial.add({ types: ['vm.failed'] });
    const event = { type: 'integration.event', subject: 'slack', vmId: null, owner: null, operationId: null } as const;
    await trial.server.store.events.append([{ ...event, at: 0, data: { integration: 'slack', kind: 'message' } }]);
    const { last } = await trial.server.store.events.bounds();
    const { replay } = trial.server.engine.webhooks;

    await expect(replay(ADMIN, hook.id, { kind: 'sequences', sequences: [last - 1, last] })).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'webhook.echo',
      details: { field: 'sequences' },
    });
    expect(await trial.deliveriesOf(hook)).toEqual([]);
    await replay(ADMIN, elsewhere.id, { kind: 'sequences', sequences: [last] });
    await trial.receiver.count(1);
  });

  it('is tested as any other', async () => {
    await using trial = await start();
    const hook = await trial.add({ ...TO_GENERAL, isEnabled: false });
    const tested = await trial.server.engine.webhooks.test(ADMIN, hook.id, STAYING);

    expect(tested).toMatchObject({ kind: 'test', state: 'delivered', lastTry: { status: 200, error: null } });
    expect(texts()).toEqual(['This is a test.']);
  });

  it('is told nothing while its maker may not send, and goes on when that may again', async () => {
    await using trial = await start();
    const { engine } = trial.server;
    await engine.users.create(ADMIN, userNamed('olga', { roles: ['operator'] }));
    const hook = await trial.add({ ...TO_GENERAL, types: ['webhook.updated'] }, principalWith('olga', '*:*'));
    await engine.roles.put(ADMIN, 'reader', { description: '', permissions: ['event:*', 'webhook:*'], labels: {} });
    await engine.users.update(ADMIN, 'olga', { roles: ['reader'] });
    await trial.tick();
    const witness = await trial.add({ types: ['webhook.updated'] });
    await trial.tick();
    await trial.receiver.count(1);

    expect(texts()).toEqual([]);
    await engine.users.update(ADMIN, 'olga', { roles: ['operator'] });
    await trial.setEnabled(hook, true);
    await expect.poll(() => texts().length).toBeGreaterThanOrEqual(2);
    await engine.webhooks.delete(ADMIN, witness.id);
  });

  it('that this server has no token for waits for one', async () => {
    await using trial = await start();
    const webhook = await trial.add({ ...TO_GENERAL, types: ['webhook.updated'] });
    await trial.server.store.webhooks.update({
      ...(await trial.get(webhook)),
      ...{ target: { integration: 'discord', channel: '10' }, revision: (await trial.get(webhook)).revision + 1 },
    });
    await trial.tick();
    await expect.poll(async () => (await trial.deliveriesOf(webhook))[0]?.tries).toBeGreaterThan(0);

    expect(await trial.deliveriesOf(webhook)).toMatchObject([
      { state: 'waiting', lastTry: { error: 'not_connected' } },
    ]);
  });
});

describe('making one', () => {
  it.each<[string, object, object]>([
    ['a secret', { secret: 'a-secret-of-16-characters' }, { code: 'invalid_argument', reason: 'webhook.unsigned' }],
    [
      'an integration that is not connected',
      { target: { integration: 'discord', channel: '1' } },
      { code: 'failed_precondition', reason: 'integration.not_connected' },
    ],
  ])('with %s is refused', async (_what, change, error) => {
    await using trial = await start();

    await expect(trial.add({ ...TO_GENERAL, ...change })).rejects.toMatchObject(error);
  });

  it('needs the right to send, whoever may make webhooks', async () => {
    await using trial = await start();
    await trial.server.engine.users.create(ADMIN, userNamed('mia', { roles: ['member'] }));
    const mia = principalWith('mia', '*:*@own');

    await expect(trial.add(TO_GENERAL, mia)).rejects.toMatchObject({ code: 'permission_denied' });
    const own = await trial.add({}, mia);
    await expect(trial.server.engine.webhooks.update(mia, own.id, { target: GENERAL }, STAYING)).rejects.toMatchObject({
      reason: 'webhook.other_kind',
    });
  });

  it('needs that right for a test and for what is sent again, too', async () => {
    await using trial = await start();
    const { webhooks } = trial.server.engine;
    const hook = await trial.add({ ...TO_GENERAL, types: ['vm.failed'] });
    const gardener = principalWith('gardener', 'webhook:*', 'event:*');
    const again = { kind: 'sequences', sequences: [1] } as const;
    const denied = expect.objectContaining({ code: 'permission_denied' });

    await expect(webhooks.test(gardener, hook.id, STAYING)).rejects.toEqual(denied);
    await expect(webhooks.replay(gardener, hook.id, again)).rejects.toEqual(denied);
    await expect(webhooks.replay(gardener, hook.id, { kind: 'after', sequence: 0 })).rejects.toEqual(denied);
    expect([texts(), await trial.deliveriesOf(hook)]).toEqual([[], []]);
    const sender = principalWith('sender', 'webhook:*', 'event:*', 'integration:send');
    await webhooks.replay(sender, hook.id, again);
    await slack.arrived(1);
  });

  it('is for good what it is', async () => {
    await using trial = await start();
    const { webhooks } = trial.server.engine;
    const hook = await trial.add(TO_GENERAL);

    for (const [change, reason] of [
      [{ url: trial.receiver.url }, 'webhook.other_kind'],
      [{ rotateSecret: true }, 'webhook.unsigned'],
      [{ target: { integration: 'github', repository: 'a/b', issue: 1 } }, 'integration.not_connected'],
    ] as const)
      await expect(webhooks.update(ADMIN, hook.id, change, STAYING)).rejects.toMatchObject({ reason });
  });
});

describe('what is dead of all webhooks', () => {
  it('is listed for whoever may see all, and for others where it is theirs', async () => {
    await using trial = await start();
    const { engine } = trial.server;
    await engine.users.create(ADMIN, userNamed('mia', { roles: ['member'] }));
    const mia = principalWith('mia', '*:*@own');
    const nowhere = {
      ...TO_GENERAL,
      target: { integration: 'slack', channel: 'C9' },
      types: ['webhook.updated'],
    } as const;
    const ours = [await trial.add(nowhere), await trial.add(nowhere)];
    const hers = await trial.add({}, mia);
    await trial.receiver[Symbol.asyncDispose]();
    await engine.webhooks.test(mia, hers.id, STAYING);
    await trial.tick();
    const list = async (principal = ADMIN) =>
      (await engine.webhooks.allDeliveries(principal, { limit: 50, after: null, state: 'dead' })).items;
    await expect.poll(async () => (await list()).length).toBe(3);

    expect(new Set((await list()).map(({ webhookId }) => webhookId))).toEqual(
      new Set([hers.id, ...ours.map(({ id }) => id)]),
    );
    expect((await list(mia)).map(({ webhookId }) => webhookId)).toEqual([hers.id]);
    const first = await engine.webhooks.allDeliveries(ADMIN, { limit: 2, after: null });
    const rest = await engine.webhooks.allDeliveries(ADMIN, { limit: 2, after: first.next });
    expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, null]);
  });

  it('is limited by each right on its own: whose the webhook is, and whose the events are', async () => {
    await using trial = await start();
    const { engine } = trial.server;
    await engine.users.create(ADMIN, userNamed('mia', { roles: ['member'] }));
    const withAllEvents = principalWith('mia', 'webhook:*@own', 'event:*');
    const withOwnEvents = principalWith('mia', 'webhook:*', 'event:*@own');
    const wide = await trial.add({ isEnabled: false }, withAllEvents);
    const narrow = await trial.add({ isEnabled: false }, withOwnEvents);
    const ours = await trial.add({ isEnabled: false });
    await trial.receiver[Symbol.asyncDispose]();
    for (const { id } of [wide, narrow, ours]) await engine.webhooks.test(ADMIN, id, STAYING);
    const list = async (...patterns: readonly string[]) =>
      (await engine.webhooks.allDeliveries(principalWith('mia', ...patterns), { limit: 50, after: null })).items.map(
        ({ webhookId }) => webhookId,
      );

    expect(await list('webhook:*@own', 'event:*')).toEqual([narrow.id, wide.id]);
    expect(await list('webhook:*', 'event:*@own')).toEqual([narrow.id]);
    expect(await list('*:*@own')).toEqual([narrow.id]);
    expect(await list('*:*')).toEqual([ours.id, narrow.id, wide.id]);
  });
});
