import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../adapters/bus/memory-bus.ts';
import { givenKeys, keysOfFile } from '../../adapters/secrets/key-store.ts';
import { createKeyring } from '../../adapters/secrets/keyring.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import { type Secret, sealingContext } from '../../domain/secret/secret.ts';
import type { Keyring } from '../../ports/sealer.ts';
import type { Store } from '../../ports/store.ts';
import { numberedId, sampleSecret, sampleUser, sampleWebhook } from '../../ports/store-contract/samples.contract.ts';
import { mfaContextOf } from '../identity/read-factor.ts';
import { signingKeyContextOf } from '../identity/token-keys.ts';
import { createSecret } from '../operations/create-secret.ts';
import { ADMIN } from '../principals.test-kit.ts';
import { openSigningSecret, sealSigningSecret } from '../webhooks/signing-secrets.ts';
import { createKeyRotations } from './rotate-key.ts';

const logged: string[] = [];
const log = createPinoLog({ level: 'error', stream: { write: (line: string) => logged.push(line) } });
const COUNT = 120;

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-rotation-'));
  store = await createSqliteStore({ path: join(directory, 'volary.db') });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** The keys as a server finds them when it starts. */
function openKeys(): Keyring {
  return createKeyring(keysOfFile(join(directory, 'secrets.key'), log));
}

function rotations(keyring: Keyring, over: Store = store) {
  const deps = { store: over, keyring, bus: createMemoryBus({ log }), clock: createSystemClock(), log };
  return createKeyRotations({ ...deps, hostId: numberedId('host', 1) });
}

function textOf(number: number): Uint8Array {
  return new TextEncoder().encode(`value ${number}`);
}

async function fill(keyring: Keyring): Promise<void> {
  await store.transaction(async ({ secrets }) => {
    for (let number = 1; number <= COUNT; number++) {
      const secret = sampleSecret(number);
      await secrets.insert({ ...secret, sealed: keyring.seal(textOf(number), sealingContext(secret)) });
    }
  });
}

async function all(): Promise<readonly Secret[]> {
  return await store.secrets.list({ limit: 1_000, after: null });
}

/** Every value, by the keys that there are. */
async function opened(keyring: Keyring): Promise<readonly string[]> {
  return (await all()).map((secret) => new TextDecoder().decode(keyring.open(secret.sealed, sealingContext(secret))));
}

const VALUES = Array.from({ length: COUNT }, (_, i) => `value ${i + 1}`);

describe('changing the key', () => {
  it('seals everything with a new one, and drops the old one', async () => {
    const keyring = openKeys();
    await fill(keyring);
    const before = await all();
    const [oldId] = keyring.keyIds();
    const oldFile = readFileSync(join(directory, 'secrets.key'), 'utf8').trim();

    const { keyId, resealed, droppedKeys } = await rotations(keyring).rotate(ADMIN);

    expect([keyId, droppedKeys, resealed]).toEqual([
      keyring.keyIds()[0],
      [oldId],
      { secrets: COUNT, second_factors: 0, signing_keys: 0, webhooks: 0 },
    ]);
    expect(keyring.keyIds()).toEqual([keyId]);
    expect(openKeys().keyIds()).toEqual([keyId]);
    expect(readFileSync(join(directory, 'secrets.key'), 'utf8')).not.toContain(oldFile);
    expect(await opened(openKeys())).toEqual(VALUES);
    const after = await all();
    expect(after.every(({ sealed }) => sealed.startsWith(keyring.prefixOf(keyId)))).toBe(true);
    expect(after.map(({ version, updatedAt }) => [version, updatedAt])).toEqual(
      before.map(({ version, updatedAt }) => [version, updatedAt]),
    );
    expect((await store.events.list({ after: 0, limit: 9 })).at(-1)).toMatchObject({
      type: 'secrets.key_rotated',
      owner: null,
      data: { key_id: keyId },
    });
  });

  it('misses nothing that is made meanwhile', async () => {
    const keyring = openKeys();
    await fill(keyring);
    const deps = { store, keyring, bus: createMemoryBus({ log }), clock: createSystemClock(), ids: createSystemIds() };
    const making = Array.from({ length: 20 }, (_, i) =>
      createSecret(deps, ADMIN, { name: `MADE_${i}`, value: textOf(i), description: '', labels: {} }),
    );

    const rotating = rotations(keyring).rotate(ADMIN);
    const more = Array.from({ length: 20 }, (_, i) =>
      createSecret(deps, ADMIN, { name: `MORE_${i}`, value: textOf(i), description: '', labels: {} }),
    );
    await Promise.all([...making, rotating, ...more]);

    expect(openKeys().keyIds()).toHaveLength(1);
    expect(await opened(openKeys())).toHaveLength(COUNT + 40);
  });

  it('seals the keys of tokens and second factors anew, too', async () => {
    const keyring = openKeys();
    const mfaOf = (number: number) => {
      const { id } = sampleUser(number);
      const sealedSecret = keyring.seal(textOf(number), mfaContextOf({ id }));
      return { sealedSecret, confirmedAt: 1, lastUsedStep: 2, recoveryDigests: ['digest'] };
    };
    // More than one page of them, most without any.
    for (let number = 1; number <= 230; number++)
      await store.users.insert(sampleUser(number, { mfa: number % 100 === 0 ? mfaOf(number) : null }));
    const key = { keyId: 'kid', jwk: {}, createdAt: 1, signsFrom: 1 };
    await store.signingKeys.insert({ ...key, sealedPrivateKey: keyring.seal(textOf(0), signingKeyContextOf('kid')) });

    const { resealed } = await rotations(keyring).rotate(ADMIN);

    expect(resealed).toEqual({ secrets: 0, signing_keys: 1, second_factors: 2, webhooks: 0 });
    const [kept] = await store.signingKeys.list();
    const { mfa } = (await store.users.getByName('user-200')) ?? {};
    const reopened = openKeys();
    expect(reopened.open(kept?.sealedPrivateKey ?? '', signingKeyContextOf('kid'))).toEqual(Buffer.from('value 0'));
    expect(mfa).toMatchObject({ confirmedAt: 1, lastUsedStep: 2, recoveryDigests: ['digest'] });
    const context = mfaContextOf({ id: sampleUser(200).id });
    expect(reopened.open(mfa?.sealedSecret ?? '', context)).toEqual(Buffer.from('value 200'));
  });

  it('seals what webhooks sign with anew, and leaves what tells their settings apart', async () => {
    const keyring = openKeys();
    const { id } = sampleWebhook(1);
    const older = { ...sealSigningSecret(keyring, { id }, 'the older'), expiresAt: 9 };
    const lost = { stored: 'v1.0000000000000000.AAAAAAAAAAAAAAAA.lost', isSealed: true, expiresAt: 9 };
    const webhook = sampleWebhook(1, { secrets: [sealSigningSecret(keyring, { id }, 'the present'), older, lost] });
    await store.webhooks.insert(webhook);
    await store.webhooks.insert(sampleWebhook(2, { secrets: [lost] }));

    const { resealed, keyId } = await rotations(keyring).rotate(ADMIN);

    expect(resealed).toMatchObject({ webhooks: 1 });
    const kept = await store.webhooks.get(id);
    const [present, next, last] = kept?.secrets ?? [];
    for (const secret of [present, next]) expect(secret?.stored.startsWith(keyring.prefixOf(keyId))).toBe(true);
    const opened = [present, next].map((secret) => openSigningSecret(openKeys(), webhook, secret ?? lost));
    expect(opened).toEqual(['the present', 'the older']);
    expect([next?.expiresAt, last, kept?.updatedAt]).toEqual([9, lost, webhook.updatedAt]);
  });

  it('is done by one at a time', async () => {
    const keyring = openKeys();
    await fill(keyring);
    const one = rotations(keyring);

    const first = one.rotate(ADMIN);
    await expect(one.rotate(ADMIN)).rejects.toMatchObject({ code: 'conflict', reason: 'secret.rotating' });
    await first;
    await one.rotate(ADMIN);

    expect(await opened(openKeys())).toEqual(VALUES);
  });

  it('keeps the old keys when something of theirs cannot be opened, and says what', async () => {
    const keyring = openKeys();
    await fill(keyring);
    const damaged = sampleSecret(COUNT + 1, { name: 'DAMAGED', sealed: keyring.seal(textOf(0), 'another place') });
    await store.secrets.insert(damaged);

    await expect(rotations(keyring).rotate(ADMIN)).rejects.toMatchObject({
      code: 'data_loss',
      reason: 'sealer.damaged',
      message: expect.stringContaining('DAMAGED of admin'),
    });
    await expect(rotations(keyring).rotate(ADMIN)).rejects.toMatchObject({ code: 'data_loss' });
    expect(openKeys().keyIds()).toHaveLength(2);
    await rotations(openKeys()).resume();
    expect(openKeys().keyIds()).toHaveLength(2);
    await store.secrets.delete(damaged.id, 1);
    await rotations(openKeys()).resume();

    expect(openKeys().keyIds()).toHaveLength(1);
    expect(await opened(openKeys())).toEqual(VALUES);
  });

  it('is not kept from by what no key opens anyhow', async () => {
    const keyring = openKeys();
    const lost = sampleSecret(COUNT + 1, { sealed: 'v1.0000000000000000.AAAAAAAAAAAAAAAA.lost' });
    await store.secrets.insert(lost);

    await rotations(keyring).rotate(ADMIN);

    expect(keyring.keyIds()).toHaveLength(1);
    expect(await store.secrets.get(lost.id)).toEqual(lost);
  });
});

describe('a server that starts', () => {
  it('says so when there are secrets that it has no key for, and nothing when it has', async () => {
    await fill(openKeys());
    logged.length = 0;
    await rotations(openKeys()).resume();
    expect(logged).toEqual([]);

    rmSync(join(directory, 'secrets.key'));
    await rotations(openKeys()).resume();

    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('no key of this server opens');
  });
});

describe('a server that dies over changing the key', () => {
  // Adding the key, four transactions until none is left and one that looks again, and dropping: before and after each.
  const MOMENTS = Array.from({ length: 20 }, (_, i) => i + 1);

  it.each(MOMENTS)('at moment %i leaves everything to be opened, and the next one completes it', async (moment) => {
    await fill(openKeys());
    const dying = countdown(moment);

    await rotations(dyingKeys(openKeys(), dying), dyingStore(store, dying))
      .rotate(ADMIN)
      .catch((error: unknown) => expect(error).toBe(DEATH));

    expect(dying.isDead).toBe(true);
    expect(await opened(openKeys())).toEqual(VALUES);
    const next = openKeys();
    await rotations(next).resume();
    expect(next.keyIds()).toHaveLength(1);
    expect(await opened(openKeys())).toEqual(VALUES);
    expect(await store.secrets.listNotSealedBy(next.prefixOf(next.keyIds()[0] ?? ''), 1)).toEqual([]);
  });

  it('has no moment more', async () => {
    await fill(openKeys());
    const dying = countdown(MOMENTS.length + 1);
    await rotations(dyingKeys(openKeys(), dying), dyingStore(store, dying)).rotate(ADMIN);
    expect(dying.isDead).toBe(false);
  });
});

describe('keys that are given', () => {
  const [one, two] = ['A', 'B'].map((letter) => Buffer.from(letter.repeat(32)).toString('base64'));

  it('are changed by putting a new one first; the answer leaves dropping to who gives them', async () => {
    await fill(createKeyring(givenKeys(`${one}`)));
    const both = createKeyring(givenKeys(`${two},${one}`));

    expect(await rotations(both).rotate(ADMIN)).toMatchObject({ resealed: { secrets: COUNT }, droppedKeys: [] });

    expect(await opened(createKeyring(givenKeys(`${two}`)))).toEqual(VALUES);
  });

  it('are not changed while there is one', async () => {
    await expect(rotations(createKeyring(givenKeys(`${one}`))).rotate(ADMIN)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'secret.one_key_given',
    });
  });
});

const DEATH = new Error('the server has died');

interface Countdown {
  isDead: boolean;
  pass(): void;
}

/** Throws at the k-th moment, and at each one after it: the dead do nothing any more. */
function countdown(k: number): Countdown {
  let left = k;
  const self: Countdown = {
    isDead: false,
    pass() {
      left -= 1;
      if (left <= 0) self.isDead = true;
      if (self.isDead) throw DEATH;
    },
  };
  return self;
}

function dyingKeys(keyring: Keyring, dying: Countdown): Keyring {
  return {
    ...keyring,
    addKey: () => {
      dying.pass();
      const id = keyring.addKey();
      dying.pass();
      return id;
    },
    dropOldKeys: () => {
      dying.pass();
      keyring.dropOldKeys();
      dying.pass();
    },
  };
}

function dyingStore(over: Store, dying: Countdown): Store {
  return {
    ...over,
    async transaction(work) {
      const result = await over.transaction(async (tables) => {
        const done = await work(tables);
        dying.pass();
        return done;
      });
      dying.pass();
      return result;
    },
  };
}
