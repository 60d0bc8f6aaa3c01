import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { givenKeys } from '../../adapters/secrets/key-store.ts';
import { createKeyring } from '../../adapters/secrets/keyring.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Store } from '../../ports/store.ts';
import { numberedId, sampleWebhook } from '../../ports/store-contract/samples.contract.ts';
import { ADMIN } from '../installation.test-kit.ts';
import { createSecretOpener } from './open-secrets.ts';
import { sealOlderSecrets } from './seal-older-secrets.ts';
import { changeSecret, openSigningSecret, openSigningSecrets, sealSigningSecret } from './signing-secrets.ts';
import { QUICK, STAYING, startWebhookTrial } from './webhook-trial.test-kit.ts';

const NOW = { now: 100, overlapMs: 50 };
const COUNT = 120;

function newKeyring() {
  return createKeyring(givenKeys(randomBytes(32).toString('base64')));
}

/** A secret as a version stored it that sealed none. */
function older(value: string, expiresAt: number | null = null) {
  return { stored: value, isSealed: false, expiresAt };
}

describe('a secret that signs', () => {
  const keyring = newKeyring();
  const id = numberedId('hook', 1);

  it('opens for its own webhook alone', () => {
    const secret = sealSigningSecret(keyring, { id }, 'grüße');

    expect(secret).toMatchObject({ isSealed: true, expiresAt: null });
    expect(openSigningSecret(keyring, { id }, secret)).toBe('grüße');
    expect(() => openSigningSecret(keyring, { id: numberedId('hook', 2) }, secret)).toThrow(
      expect.objectContaining({ code: 'data_loss', reason: 'sealer.damaged' }),
    );
  });

  it('is the same one when it is set to what it is', () => {
    const secrets = [sealSigningSecret(keyring, { id }, 'one')];

    expect(changeSecret(keyring, { id, secrets }, 'one', NOW)).toEqual(secrets);
    const changed = changeSecret(keyring, { id, secrets }, 'two', NOW);
    expect(openSigningSecrets(keyring, { id, secrets: changed }, 149)).toEqual(['two', 'one']);
    expect(openSigningSecrets(keyring, { id, secrets: changed }, 150)).toEqual(['two']);
  });

  it('is sealed with the change that finds it unsealed', () => {
    const changed = changeSecret(keyring, { id, secrets: [older('one')] }, 'two', NOW);

    expect(changed.every(({ isSealed }) => isSealed)).toBe(true);
    expect(openSigningSecrets(keyring, { id, secrets: changed }, 149)).toEqual(['two', 'one']);
  });

  it('signs no more when it cannot be opened and another takes its place, and is not forgotten with that', () => {
    const lost = sealSigningSecret(newKeyring(), { id }, 'one');
    const webhook = { id, secrets: [lost] };
    expect(() => openSigningSecrets(keyring, webhook, 100)).toThrow(
      expect.objectContaining({ reason: 'sealer.unknown_key' }),
    );

    const changed = changeSecret(keyring, webhook, 'two', NOW);

    expect(changed[1]).toEqual({ ...lost, expiresAt: 100 });
    expect(openSigningSecrets(keyring, { id, secrets: changed }, 100)).toEqual(['two']);
    expect(changeSecret(keyring, { id, secrets: changed }, 'three', NOW)).toHaveLength(3);
  });
});

describe('a secret that cannot be opened', () => {
  it('is logged once, without anything of it, and again after it could be', () => {
    const logged: string[] = [];
    const log = createPinoLog({ level: 'warn', stream: { write: (line: string) => logged.push(line) } });
    const [keyring, id] = [newKeyring(), numberedId('hook', 1)];
    const lost = { id, secrets: [sealSigningSecret(newKeyring(), { id }, 'one')] };
    const found = { id, secrets: [sealSigningSecret(keyring, { id }, 'two')] };
    const open = createSecretOpener({ keyring, log });

    expect([lost, lost, lost].map((webhook) => open(webhook, 100))).toEqual([null, null, null]);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(id);
    expect(logged[0]).not.toContain(lost.secrets[0]?.stored.slice(-20));
    expect([found, lost].map((webhook) => open(webhook, 100))).toEqual([['two'], null]);
    expect(logged).toHaveLength(2);
  });
});

describe('secrets that a former version has stored as they are', () => {
  let directory: string;
  let store: Store;
  const keyring = newKeyring();
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'volary-test-signing-'));
    store = await createSqliteStore({ path: join(directory, 'volary.db') });
    await store.transaction(async ({ webhooks }) => {
      for (let number = 1; number <= COUNT; number++) {
        const secrets = [older(`present value ${number}`), older(`former value ${number}`, 200)];
        await webhooks.insert(sampleWebhook(number, { secrets }));
      }
    });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  async function all(): Promise<readonly Webhook[]> {
    return await store.webhooks.list({ limit: 1_000, after: null });
  }

  async function opened(): Promise<readonly (readonly string[])[]> {
    return (await all()).map((webhook) => openSigningSecrets(keyring, webhook, 100));
  }

  function bytes(): string {
    return readdirSync(directory)
      .map((name) => readFileSync(join(directory, name), 'latin1'))
      .join('\n');
  }

  const VALUES = Array.from({ length: COUNT }, (_, i) => [`present value ${i + 1}`, `former value ${i + 1}`]);

  it('are sealed at the start, and when the server has stopped are in no file any more', async () => {
    expect(bytes()).toContain('former value 77');
    const before = await all();

    await sealOlderSecrets({ store, keyring, log });

    expect(await opened()).toEqual(VALUES);
    const after = await all();
    expect(after.every(({ secrets }) => secrets.every(({ isSealed }) => isSealed))).toBe(true);
    expect(after.map(({ updatedAt, cursor }) => [updatedAt, cursor])).toEqual(
      before.map(({ updatedAt, cursor }) => [updatedAt, cursor]),
    );
    await sealOlderSecrets({ store, keyring, log });
    expect(await all()).toEqual(after);
    await store[Symbol.asyncDispose]();
    expect(bytes()).not.toMatch(/(present|former) value/);
  });

  // Three batches; before and after each commit.
  it.each([1, 2, 3, 4, 5, 6])(
    'can all be read when the server dies at moment %i, and the next one completes it',
    async (moment) => {
      const dying = dyingAt(store, moment);

      await sealOlderSecrets({ store: dying.store, keyring, log });

      expect(dying.isDead()).toBe(true);
      expect(await opened()).toEqual(VALUES);
      await sealOlderSecrets({ store, keyring, log });
      expect(await opened()).toEqual(VALUES);
      expect((await all()).every(({ secrets }) => secrets.every(({ isSealed }) => isSealed))).toBe(true);
    },
  );
});

/** The store of a server that dies at the k-th moment, and does nothing after it. */
function dyingAt(over: Store, k: number) {
  let left = k;
  function pass(): void {
    left -= 1;
    if (left <= 0) throw new Error('the server has died');
  }
  const store: Store = {
    ...over,
    async transaction(work) {
      if (left <= 0) throw new Error('the server has died');
      const result = await over.transaction(async (tables) => {
        const done = await work(tables);
        pass();
        return done;
      });
      pass();
      return result;
    },
  };
  return { store, isDead: () => left <= 0 };
}

describe('a webhook of a server', () => {
  it('goes on being signed by a secret of before that is sealed by the start', async () => {
    await using trial = await startWebhookTrial();
    const hook = await trial.add({ secret: 'a-secret-of-before' });
    const stored = await trial.get(hook);
    await trial.server.store.webhooks.update({
      ...stored,
      secrets: [older('a-secret-of-before')],
      revision: stored.revision + 1,
    });

    let before = 0;
    await trial.restart(() => {
      before = trial.receiver.received.length;
    });
    await trial.tick();
    const request = (await trial.receiver.count(before + 1))[before];

    expect((await trial.get(hook)).secrets).toMatchObject([{ isSealed: true }]);
    const mac = createHmac('sha256', 'a-secret-of-before');
    const signed = `${String(request?.headers['volary-timestamp'])}.${request?.body}`;
    expect(request?.headers['volary-signature']).toBe(`v1=${mac.update(signed).digest('hex')}`);
  });

  it('is sent nothing while its secret cannot be opened, says why, is kept, and goes on with its key or a new secret', async () => {
    await using trial = await startWebhookTrial({ ...QUICK, maxTries: 1_000, disableAfterTries: 1_000_000 });
    const { receiver } = trial;
    const [hook, other] = [await trial.add(), await trial.add()];
    const [keyFile, away] = ['secrets.key', 'secrets.key.away'].map((name) => join(trial.dataDir, name));
    if (keyFile === undefined || away === undefined) throw new Error('no paths');

    let before = 0;
    await trial.restart(() => {
      renameSync(keyFile, away);
      before = receiver.received.length;
    });
    await expect
      .poll(() => trial.deliveriesOf(hook, 'waiting'))
      .toMatchObject([{ kind: 'event', lastTry: { status: null, error: 'secret_unreadable', response: '' } }]);
    expect(await trial.get(hook)).toMatchObject({ isEnabled: true, secrets: [{ isSealed: true }] });
    expect(await trial.server.engine.webhooks.test(ADMIN, hook.id, STAYING)).toMatchObject({
      state: 'dead',
      lastTry: { error: 'secret_unreadable' },
    });
    expect(receiver.received).toHaveLength(before);

    const { madeSecret } = await trial.server.engine.webhooks.update(ADMIN, hook.id, { rotateSecret: true }, STAYING);
    const request = (await receiver.count(before + 1))[before];
    const mac = createHmac('sha256', madeSecret ?? '');
    const signed = `${String(request?.headers['volary-timestamp'])}.${request?.body}`;
    expect(request?.headers['volary-signature']).toBe(`v1=${mac.update(signed).digest('hex')}`);

    await trial.restart(() => renameSync(away, keyFile));
    await trial.until(other, { failures: null, lastDeliveredAt: expect.any(Number) });
  });
});
