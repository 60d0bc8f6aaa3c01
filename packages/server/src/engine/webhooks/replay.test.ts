import { describe, expect, it } from 'vitest';
import { startReceiver, withStatus } from '../../lib/testing/http-receiver.ts';
import { ADMIN } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { numbersFrom, QUICK, STAYING, startWebhookTrial, told } from './webhook-trial.test-kit.ts';

describe('a replay', () => {
  it('after a sequence sends all from there on once more, in order', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add();
    await trial.tick(4);
    await trial.until(hook, { cursor: hook.cursor + 4 });

    await trial.server.engine.webhooks.replay(ADMIN, hook.id, { kind: 'after', sequence: hook.cursor + 1 });
    await receiver.count(7);

    expect(told(receiver).slice(4)).toEqual(numbersFrom(hook.cursor + 2, 3));
  });

  it('under a request has that event sent once more, and in its turn', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add();
    const [first] = numbersFrom(hook.cursor + 1, 1);
    let asked: Promise<unknown> | null = null;
    receiver.answer = (response, { headers }) => {
      if (headers['volary-event-id'] !== String((first ?? 0) + 1) || asked !== null) {
        response.writeHead(204).end();
        return;
      }
      asked = trial.server.engine.webhooks.replay(ADMIN, hook.id, { kind: 'after', sequence: hook.cursor });
      void asked.then(() => response.writeHead(500).end());
    };
    await trial.tick(2);
    await receiver.count(4);
    await trial.until(hook, { cursor: hook.cursor + 2 });

    expect(told(receiver)).toEqual([...numbersFrom(hook.cursor + 1, 2), ...numbersFrom(hook.cursor + 1, 2)]);
    expect(await trial.deliveriesOf(hook)).toEqual([]);
  });

  it('of sequences sends these, each once, whatever the webhook asks for', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add({ types: ['vm.failed'] });

    await trial.server.engine.webhooks.replay(ADMIN, hook.id, { kind: 'sequences', sequences: [2, 1, 2] });
    await receiver.count(2);

    expect(told(receiver)).toEqual([1, 2]);
    await expect
      .poll(() => trial.deliveriesOf(hook, 'delivered'))
      .toMatchObject([
        { kind: 'replay', sequence: 2 },
        { kind: 'replay', sequence: 1 },
      ]);
    expect((await trial.get(hook)).cursor).toBeGreaterThanOrEqual(hook.cursor);
  });

  it('of what is not there is refused', async () => {
    await using trial = await startWebhookTrial({ ...QUICK, maxWaiting: 2 });
    const [hook, other] = [await trial.add({ isEnabled: false }), await trial.add({ isEnabled: false })];
    await trial.tick(3);
    await trial.server.store.events.trim({ before: Number.MAX_SAFE_INTEGER, keep: 0, limit: 2 });
    const { replay } = trial.server.engine.webhooks;

    await expect(replay(ADMIN, hook.id, { kind: 'after', sequence: hook.cursor + 1 })).rejects.toMatchObject({
      reason: 'webhook.replay_ahead',
    });
    await expect(replay(ADMIN, hook.id, { kind: 'after', sequence: 1 })).rejects.toMatchObject({
      reason: 'events.trimmed',
      details: { first_sequence: 3 },
    });
    await expect(replay(ADMIN, hook.id, { kind: 'sequences', sequences: [3, 2] })).rejects.toMatchObject({
      reason: 'events.trimmed',
    });
    await expect(replay(ADMIN, hook.id, { kind: 'sequences', sequences: [999] })).rejects.toMatchObject({
      reason: 'events.unknown',
    });
    expect(await trial.deliveriesOf(hook)).toEqual([]);
    await replay(ADMIN, hook.id, { kind: 'sequences', sequences: [3, 4] });
    await expect(replay(ADMIN, hook.id, { kind: 'sequences', sequences: [5] })).rejects.toMatchObject({
      code: 'resource_exhausted',
      reason: 'webhook.too_many_waiting',
    });
    const [waiting] = await trial.deliveriesOf(hook);
    if (waiting === undefined) throw new Error('not listed');
    await expect(replay(ADMIN, other.id, { kind: 'delivery', id: waiting.id })).rejects.toMatchObject({
      reason: 'webhook.unknown_delivery',
    });
  });
});

describe('a test', () => {
  it('says what came of it, also of one that is disabled, and is sent to no other', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    await using other = await startReceiver();
    await trial.add({ url: other.url });
    const hook = await trial.add({ isEnabled: false });

    const good = await trial.server.engine.webhooks.test(ADMIN, hook.id, STAYING);
    receiver.answer = withStatus(500, {}, 'broken');
    const bad = await trial.server.engine.webhooks.test(ADMIN, hook.id, STAYING);
    await trial.tick();
    await other.count(2);

    expect(good).toMatchObject({ kind: 'test', state: 'delivered', tries: 1, event: { type: 'webhook.test' } });
    expect(bad).toMatchObject({ state: 'dead', tries: 1, lastTry: { status: 500, response: 'broken' } });
    expect(receiver.received.map(({ headers }) => headers['volary-event-type'])).toEqual([
      'webhook.test',
      'webhook.test',
    ]);
    expect(other.received.map(({ headers }) => headers['volary-event-type'])).not.toContain('webhook.test');
    expect((await trial.get(hook)).failures).toBeNull();
  });
});

describe('webhooks', () => {
  it('are as many as there may be', async () => {
    await using trial = await startWebhookTrial({ ...QUICK, maxCount: 2 });
    await trial.add();

    await expect(trial.add()).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'webhook.too_many' });
  });

  it('need the right to read events as well', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add({ isEnabled: false });
    const gardener = principalWith('gardener', 'webhook:*');
    const { webhooks } = trial.server.engine;
    const denied = expect.objectContaining({ code: 'permission_denied' });

    expect((await webhooks.get(gardener, hook.id)).id).toBe(hook.id);
    await expect(webhooks.deliveries(gardener, hook.id, { limit: 1, after: null })).rejects.toEqual(denied);
    await expect(webhooks.update(gardener, hook.id, { url: receiver.url }, STAYING)).rejects.toEqual(denied);
    await expect(webhooks.test(gardener, hook.id, STAYING)).rejects.toEqual(denied);
    await expect(webhooks.replay(gardener, hook.id, { kind: 'after', sequence: 0 })).rejects.toEqual(denied);
  });

  it('are named in events and deliveries without their URL and their secret', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const secret = 'a-secret-of-my-own';
    const hook = await trial.add({ url: `${receiver.url}?token=hush`, secret });
    await trial.server.engine.webhooks.update(ADMIN, hook.id, { secret: `${secret}-2`, url: receiver.url }, STAYING);
    await trial.server.engine.webhooks.test(ADMIN, hook.id, STAYING);
    await receiver.count(2);

    const log = JSON.stringify([
      await trial.server.store.events.list({ after: 0, limit: 100 }),
      await trial.deliveriesOf(hook),
    ]);
    expect(log).toContain('"changed":["url","secret"]');
    expect(log).not.toContain('hush');
    expect(log).not.toContain(secret);
  });
});

describe('deliveries that are over', () => {
  it('are dropped when their time has come', async () => {
    await using trial = await startWebhookTrial({ ...QUICK, keepDeliveriesMs: 0 }, { sweepMs: 20 });
    const hook = await trial.add({ isEnabled: false });
    await trial.server.engine.webhooks.test(ADMIN, hook.id, STAYING);

    await expect.poll(() => trial.deliveriesOf(hook)).toEqual([]);
  });
});
