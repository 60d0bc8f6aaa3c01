/**
 * Changing the key that seals what is stored.
 *
 *   add a key (it seals from now on) -> seal the rest anew, some at a time -> see that nothing is left, and drop the old keys
 *
 * Whatever is sealed can be opened at each moment: the old keys stay until nothing needs them. A server that dies over it has several keys
 * at its next start, and goes on from there. What is sealed is written in the transaction in which it was sealed, so that the last look, which
 * is one itself, misses nothing.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { HostId } from '../../domain/ids.ts';
import { type Principal, SYSTEM } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import { RESEALABLES, type Resealable } from './reseal.ts';
import type { KeyRotation } from './secret-api.ts';

/** Values sealed in one transaction: others who write wait for that long. */
const BATCH = 50;

type RotationDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'keyring' | 'log'> & { readonly hostId: HostId };

export interface KeyRotations {
  /** Throws as `SecretApi.rotateKey`. */
  rotate(principal: Principal): Promise<KeyRotation>;
  /**
   * Goes on with one that a former server was cut short in. What keeps it from that is logged, since all can still be opened; and so is it if
   * something cannot.
   */
  resume(): Promise<void>;
}

export function createKeyRotations(deps: RotationDeps, resealables: readonly Resealable[] = RESEALABLES): KeyRotations {
  const { store, keyring, log } = deps;
  let isRotating = false;

  async function exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (isRotating) {
      throw new VolaryError('conflict', 'The key is being changed already.', { reason: 'secret.rotating' });
    }
    isRotating = true;
    try {
      return await work();
    } finally {
      isRotating = false;
    }
  }

  async function resealAll(): Promise<KeyRotation> {
    const [keyId = '', ...older] = keyring.keyIds();
    const prefix = keyring.prefixOf(keyId);
    const resealed: Record<string, number> = {};
    for (const { kind, resealSome } of resealables) {
      let done = 0;
      for (let some = BATCH; some > 0; done += some)
        some = await store.transaction((tables) => resealSome(tables, keyring, { prefix, limit: BATCH }));
      resealed[kind] = done;
    }
    await store.transaction(async (tables) => {
      for (const { kind, resealSome } of resealables)
        resealed[kind] = (resealed[kind] ?? 0) + (await untilNone(tables, prefix, resealSome));
      await tables.events.append([event(deps, keyId)]);
    });
    // Each transaction since the key was added has sealed with it, and none before it is open any more.
    if (keyring.supportsNewKeys) keyring.dropOldKeys();
    deps.bus.publish('events', '');
    log.info('the key that seals what is stored was changed', { keyId, resealed });
    return { keyId, resealed, droppedKeys: keyring.supportsNewKeys ? older : [] };
  }

  async function untilNone(tables: Tables, prefix: string, resealSome: Resealable['resealSome']): Promise<number> {
    let done = 0;
    for (let some = BATCH; some > 0; done += some) some = await resealSome(tables, keyring, { prefix, limit: BATCH });
    return done;
  }

  return {
    async rotate(principal) {
      // It concerns what belongs to everybody.
      authorise(principal, 'secret:rotate-key', { owner: SYSTEM.name });
      return await exclusively(async () => {
        if (keyring.supportsNewKeys) keyring.addKey();
        else if (keyring.keyIds().length === 1) throw oneKeyGiven();
        return await resealAll();
      });
    },
    async resume() {
      if (keyring.keyIds().length === 1) return await warnOfLostKey(deps);
      if (!keyring.supportsNewKeys) return;
      try {
        await exclusively(resealAll);
      } catch (error) {
        log.error('a change of the key that was cut short could not be completed; the old keys are kept', { error });
      }
    },
  };
}

/** After its file was lost, say, and a new one made: what was sealed is lost, and everything else works. */
async function warnOfLostKey({ store, keyring, log }: RotationDeps): Promise<void> {
  const [keyId = ''] = keyring.keyIds();
  const [lost] = await store.secrets.listNotSealedBy(keyring.prefixOf(keyId), 1);
  if (lost === undefined) return;
  log.error(
    'there are secrets that no key of this server opens; bring secrets.key back from a copy, or set them anew',
    {
      secretId: lost.id,
      keyId,
    },
  );
}

function event({ clock, hostId }: RotationDeps, keyId: string) {
  return {
    type: 'secrets.key_rotated',
    at: clock.now(),
    subject: hostId,
    vmId: null,
    owner: null,
    operationId: null,
    data: { key_id: keyId },
  } as const;
}

function oneKeyGiven(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'VOLARY_SECRETS_KEY has one key. Put a new one before it, with a comma between them, start the server again, then ask again.',
    { reason: 'secret.one_key_given' },
  );
}
