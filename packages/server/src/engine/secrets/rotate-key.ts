/**
 * Changing the key that seals what is stored.
 *
 *   add a key (it seals from now on) -> seal the rest anew, some at a time -> see that nothing is left, and drop the old keys
 *
 * Whatever could be opened can be at each moment: the old keys stay until nothing needs them. A server that dies over it has several keys
 * at its next start, and goes on from there. What is sealed is written in the transaction in which it was sealed, so that the last look, which
 * is one itself, misses nothing.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { HostId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { KeyRotation } from '../apis/secret-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { RESEALABLES, type Resealable } from './reseal.ts';

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

  /** Seals anew what these keys have sealed, piece by piece, and counts it by kind. `run` gives each piece its tables. */
  async function resealAll(
    older: readonly string[],
    counts: Record<string, number>,
    run: (piece: (tables: Tables) => Promise<number>) => Promise<number>,
  ): Promise<void> {
    for (const prefix of older.map(keyring.prefixOf)) {
      for (const { kind, resealSome } of resealables) {
        const piece = () => run((tables) => resealSome(tables, keyring, { prefix, limit: BATCH }));
        counts[kind] = (counts[kind] ?? 0) + (await untilNone(piece));
      }
    }
  }

  async function complete(): Promise<KeyRotation> {
    const [keyId = '', ...older] = keyring.keyIds();
    const resealed: Record<string, number> = {};
    await resealAll(older, resealed, (piece) => store.transaction(piece));
    await store.transaction(async (tables) => {
      await resealAll(older, resealed, (piece) => piece(tables));
      await tables.events.append([event(deps, keyId)]);
    });
    // Each transaction since the key was added has sealed with it, and none before it is open any more.
    if (keyring.supportsNewKeys) keyring.dropOldKeys();
    deps.bus.publish('events', '');
    log.info('the key that seals what is stored was changed', { keyId, resealed });
    return { keyId, resealed, droppedKeys: keyring.supportsNewKeys ? older : [] };
  }

  return {
    async rotate(principal) {
      // It concerns what belongs to everybody.
      authorise(principal, 'sealing-key:rotate');
      return await exclusively(async () => {
        const isBegun = keyring.keyIds().length > 1;
        if (!isBegun && !keyring.supportsNewKeys) throw oneKeyGiven();
        const target = auditTarget('system', { name: 'secrets-key' });
        await recordAudit(store, deps.clock, principal, { action: 'secret.rotate-key', target });
        // One that was cut short has its new key already.
        if (!isBegun) keyring.addKey();
        return await complete();
      });
    },
    async resume() {
      if (keyring.keyIds().length === 1) return await warnOfLostKey(deps);
      if (!keyring.supportsNewKeys) return;
      try {
        await exclusively(complete);
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

/** Does some again and again; how many in all. */
async function untilNone(some: () => Promise<number>): Promise<number> {
  let all = 0;
  for (let done = await some(); done > 0; done = await some()) all += done;
  return all;
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
