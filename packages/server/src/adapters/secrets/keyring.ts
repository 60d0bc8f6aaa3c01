import { VolaryError } from '../../domain/errors.ts';
import type { Keyring } from '../../ports/sealer.ts';
import { newSealingKey, openText, prefixOf, type SealingKey, sealText } from './sealed-text.ts';

/** Where the keys of a ring are kept; the first one seals. */
export interface KeyStore {
  readonly keys: readonly [SealingKey, ...SealingKey[]];
  /** Keeps these keys for good in the place of the others; null where they come from outside. */
  readonly save: ((keys: readonly SealingKey[]) => void) | null;
}

/** A ring over keys that are kept somewhere. The store is written before the ring changes. */
export function createKeyring({ keys: kept, save }: KeyStore): Keyring {
  let keys = kept;
  const change = (next: readonly [SealingKey, ...SealingKey[]]): void => {
    if (save === null) {
      throw new VolaryError('unsupported', 'The keys of this server are given to it, and are changed where they are.', {
        reason: 'sealer.keys_given',
      });
    }
    save(next);
    keys = next;
  };
  return {
    supportsNewKeys: save !== null,
    keyIds: () => keys.map(({ id }) => id),
    prefixOf,
    seal: (plaintext, context) => sealText(keys[0], plaintext, context),
    open: (sealed, context) => openText(keys, sealed, context),
    addKey: () => {
      const key = newSealingKey();
      change([key, ...keys]);
      return key.id;
    },
    dropOldKeys: () => change([keys[0]]),
  };
}
