import { describe, expect, it } from 'vitest';
import { startReceiver, withStatus } from '../../lib/testing/http-receiver.ts';
import { userNamed } from '../identity/identity.test-kit.ts';
import { ADMIN } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { create as createVm } from '../vm-life.test-kit.ts';
import { numbersFrom, QUICK, startWebhookTrial, told } from './webhook-trial.test-kit.ts';

describe('a webhook', () => {
  it('is told of all that happens after it was made, in order, and keeps nothing of what arrived', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    await trial.tick(2);
    const hook = await trial.add();
    await trial.tick(20);
    await receiver.count(20);

    expect(told(receiver)).toEqual(numbersFrom(hook.cursor + 1, 20));
    await trial.until(hook, { cursor: hook.cursor + 20, failures: null });
    expect(await trial.deliveriesOf(hook)).toEqual([]);
  });

  it('is told of the types and the VM that it asked for', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    await createVm(trial.server, 'bird');
    const hook = await trial.add({ vm: 'bird', types: ['vm.deleted', 'vm.stopped'] });
    await createVm(trial.server, 'fish');
    for (const name of ['fish', 'bird']) await trial.server.engine.vms.delete(ADMIN, name, {});
    await receiver.count(1);

    const [request] = receiver.received;
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ type: 'vm.deleted', vmId: hook.vmId });
    expect(receiver.received).toHaveLength(1);
  });

  it('is told nothing while its owner may not know it, and of all that when that may again', async () => {
    await using trial = await startWebhookTrial();
    const { engine } = trial.server;
    await engine.users.create(ADMIN, userNamed('olga', { roles: ['operator'] }));
    const hook = await trial.add({ description: 'hers' }, principalWith('olga', '*:*'));
    await trial.tick();
    await trial.receiver.count(1);
    const other = await startReceiver();
    await using _ = other;

    for (const change of [{ state: 'disabled' as const }, { state: 'active' as const, roles: ['member'] }]) {
      await engine.users.update(ADMIN, 'olga', change);
      const before = other.received.length;
      const witness = await trial.add({ url: other.url });
      await trial.tick(3);
      await other.count(before + 3);
      expect((await trial.get(hook)).cursor).toBe(hook.cursor + 1);
      await engine.webhooks.delete(ADMIN, witness.id);
    }
    expect(trial.receiver.received).toHaveLength(1);
    await engine.users.update(ADMIN, 'olga', { roles: ['operator'] });
    await trial.tick();

    const { last } = await trial.server.store.events.bounds();
    await trial.until(hook, { cursor: last });
    expect(told(trial.receiver)).toEqual(numbersFrom(hook.cursor + 1, last - hook.cursor));
  });

  it('that asks for little is noted to be far on all the same, from time to time', async () => {
    await using trial = await startWebhookTrial();
    const hook = await trial.add({ types: ['vm.failed'] });
    await trial.tick(250);

    await expect.poll(async () => (await trial.get(hook)).cursor).toBeGreaterThanOrEqual(hook.cursor + 200);
    expect(trial.receiver.received).toEqual([]);
  });

  it('that fails holds back its own later events, in order, and those of no other', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    await using other = await startReceiver();
    let failures = 3;
    receiver.answer = (response) => {
      failures -= 1;
      response.writeHead(failures >= 0 ? 500 : 204).end('not now');
    };
    const failing = await trial.add();
    await trial.add({ url: other.url });
    await trial.tick(3);
    await other.count(3);
    await receiver.count(7);

    const first = failing.cursor + 1;
    expect(told(receiver).slice(0, 4)).toEqual([first, first, first, first]);
    expect(told(receiver).slice(4)).toEqual([first + 1, first + 2, first + 3]);
    expect(new Set(receiver.received.slice(0, 4).map(({ headers }) => headers['volary-delivery'])).size).toBe(1);
    expect(await trial.deliveriesOf(failing)).toMatchObject([
      { kind: 'event', state: 'delivered', sequence: first, tries: 4, lastTry: { status: 204, error: null } },
    ]);
  });

  it('that has used up its tries gives that event up, and goes on with the next', async () => {
    await using trial = await startWebhookTrial({ ...QUICK, maxTries: 3 });
    const { receiver } = trial;
    const hook = await trial.add();
    const doomed = hook.cursor + 1;
    receiver.answer = (response, { headers }) => {
      response.writeHead(headers['volary-event-id'] === String(doomed) ? 418 : 204).end('never');
    };
    await trial.tick(2);
    await receiver.count(4);

    expect(told(receiver)).toEqual([doomed, doomed, doomed, doomed + 1]);
    const [dead] = await trial.deliveriesOf(hook, 'dead');
    expect(dead).toMatchObject({ sequence: doomed, tries: 3, lastTry: { status: 418, response: 'never' } });

    receiver.answer = withStatus(204);
    if (dead !== undefined)
      await trial.server.engine.webhooks.replay(ADMIN, hook.id, { kind: 'delivery', id: dead.id });
    await receiver.count(5);

    expect(told(receiver).at(-1)).toBe(doomed);
    await expect
      .poll(() => trial.deliveriesOf(hook))
      .toMatchObject([{ id: dead?.id, kind: 'replay', state: 'delivered', tries: 1 }]);
  });

  it('goes on where it was when the server has been started anew', async () => {
    await using trial = await startWebhookTrial({ firstRetryMs: 600_000, longestRetryMs: 600_000 });
    const { receiver } = trial;
    receiver.answer = withStatus(503);
    const hook = await trial.add();
    await trial.tick(2);
    await receiver.count(1);
    await trial.until(hook, { failures: expect.objectContaining({ count: 1 }) });
    await trial.restart(() => {
      receiver.answer = withStatus(204);
    });
    expect(await trial.deliveriesOf(hook, 'waiting')).toHaveLength(1);
    await trial.setEnabled(hook, false);
    await trial.setEnabled(hook, true);
    await receiver.count(5);

    // What had waited is tried at once when somebody enables it.
    expect(told(receiver).slice(1, 3)).toEqual(numbersFrom(hook.cursor + 1, 2));
    expect([...told(receiver)].sort((a, b) => a - b)).toEqual(told(receiver));
  });

  it('that is disabled is told nothing, and later all of it', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add({ isEnabled: false });
    await trial.tick(3);
    expect(receiver.received).toEqual([]);

    await trial.setEnabled(hook, true);
    await receiver.count(4);

    expect(told(receiver)).toEqual(numbersFrom(hook.cursor + 1, 4));
  });

  it('that has failed for too long is disabled, with an event', async () => {
    await using trial = await startWebhookTrial({ ...QUICK, disableAfterMs: 0, disableAfterTries: 4 });
    const { receiver } = trial;
    receiver.answer = withStatus(500);
    const hook = await trial.add();
    await trial.tick();
    await trial.until(hook, { isEnabled: false, disabledBecause: 'failing' });

    expect(receiver.received).toHaveLength(4);
    expect(await trial.eventsOf('webhook.disabled')).toMatchObject([
      { subject: hook.id, data: { because: 'failing', failures: 4 } },
    ]);

    receiver.answer = withStatus(204);
    await trial.setEnabled(hook, true);
    await receiver.count(7);
    // The event that failed, then that it was disabled, then that it was enabled.
    expect(told(receiver).slice(4)).toEqual(numbersFrom(hook.cursor + 1, 3));
    await trial.until(hook, { failures: null, disabledBecause: null });
  });

  it('that is deleted under a request is told no more', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add();
    const answered = Promise.withResolvers<void>();
    receiver.answer = (response) => {
      void trial.server.engine.webhooks.delete(ADMIN, hook.id).then(() => {
        response.writeHead(204).end();
        answered.resolve();
      });
    };
    await trial.tick(2);
    await answered.promise;
    await trial.tick();
    await trial.server.stop();

    expect(receiver.received).toHaveLength(1);
  });
});

describe('a log that was trimmed below a webhook', () => {
  it('is told of as a gap: by a delivery, by an event, and by all that is left', async () => {
    await using trial = await startWebhookTrial();
    const { receiver } = trial;
    const hook = await trial.add({ isEnabled: false });
    await trial.tick(5);
    const first = hook.cursor + 4;
    await trial.server.store.events.trim({ before: Number.MAX_SAFE_INTEGER, keep: 0, limit: first - 1 });

    await trial.setEnabled(hook, true);
    await receiver.count(4);

    const gap = { firstSequence: hook.cursor + 1, sequence: first - 1 };
    expect(await trial.deliveriesOf(hook, 'lost')).toMatchObject([{ kind: 'gap', event: null, ...gap }]);
    expect(await trial.eventsOf('webhook.events_lost')).toMatchObject([
      { subject: hook.id, data: { first_sequence: gap.firstSequence, last_sequence: gap.sequence } },
    ]);
    // Two that were left, the enabling, and the loss.
    expect(told(receiver)).toEqual(numbersFrom(first, 4));
    const [lost] = await trial.deliveriesOf(hook, 'lost');
    if (lost === undefined) throw new Error('not listed');
    const again = trial.server.engine.webhooks.replay(ADMIN, hook.id, { kind: 'delivery', id: lost.id });
    await expect(again).rejects.toMatchObject({ reason: 'webhook.nothing_to_send' });
  });
});
