/**
 * Where the keys come from: `VOLARY_SECRETS_KEY`, else the file `secrets.key` in the data directory, else a new key, kept there.
 * In both forms a key is 32 bytes in base64; where there are several (commas between them, or lines), the first one seals.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Log } from '../../ports/log.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';
import type { KeyStore } from './keyring.ts';
import { KEY_BYTES, newSealingKey, type SealingKey, toSealingKey } from './sealed-text.ts';

/** 32 bytes in base64 or base64url, with padding or without. */
const KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

/** Keys that were given. Throws `invalid_argument` config.weak_secrets_key, without anything of what was given. */
export function givenKeys(text: string): KeyStore {
  const keys = readKeys(text.split(','));
  if (keys !== null) return { keys, save: null };
  throw new VolaryError(
    'invalid_argument',
    'VOLARY_SECRETS_KEY is not a key; one is 32 random bytes in base64 (openssl rand -base64 32), several have commas between them.',
    { reason: 'config.weak_secrets_key' },
  );
}

/**
 * The keys of a file, which is made with a new one unless it is there. One that others may read is made 0600 again. Throws
 * `failed_precondition` config.data_dir if it cannot be read or is another's, `data_loss` sealer.keyring_damaged if it holds no keys.
 */
export function keysOfFile(path: string, log: Log): KeyStore {
  const save = (keys: readonly SealingKey[]): void =>
    writeKeyFile(path, keys.map(({ bytes }) => `${bytes.toString('base64')}\n`).join(''));
  const text = readKeyFile(path, log);
  if (text === null) {
    const keys = [newSealingKey()] as const;
    save(keys);
    return { keys: [...keys], save };
  }
  const keys = readKeys(text.split('\n').filter((line) => line.trim() !== ''));
  if (keys !== null) return { keys, save };
  // A new key in its place would make all that was sealed unreadable for good, so nothing is put there.
  throw new VolaryError(
    'data_loss',
    `${path} is damaged: it holds no keys. Bring it back from a copy; if there is none, remove it, and all secrets are lost.`,
    { reason: 'sealer.keyring_damaged' },
  );
}

function readKeys(lines: readonly string[]): readonly [SealingKey, ...SealingKey[]] | null {
  const keys: SealingKey[] = [];
  for (const line of lines) {
    const text = line.trim();
    const bytes = Buffer.from(text, 'base64');
    if (!KEY.test(text) || bytes.length !== KEY_BYTES) return null;
    const key = toSealingKey(bytes);
    if (keys.every(({ id }) => id !== key.id)) keys.push(key);
  }
  const [first, ...others] = keys;
  return first === undefined ? null : [first, ...others];
}
