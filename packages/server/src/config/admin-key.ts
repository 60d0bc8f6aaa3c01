import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VolaryError } from '../domain/errors.ts';
import { writeFileAtomically } from '../lib/write-file-atomically.ts';

/** Below this a key could be guessed. Characters. */
const SHORTEST_KEY = 16;

export interface AdminKey {
  readonly key: string;
  /** True when it has just been made: the one time that it is shown. */
  readonly isNew: boolean;
}

/**
 * The bootstrap administrator's key: the given one, else the one kept in the data directory, else a new one of 256
 * random bits. Kept in `admin.key`, mode 0600, where the command line of the same user finds it. Throws `failed_precondition`
 * config.data_dir if it cannot be read, `invalid_argument` config.weak_key if what is kept there is no key.
 */
export function obtainAdminKey(dataDir: string, given: string | null): AdminKey {
  const path = join(dataDir, 'admin.key');
  const kept = readKept(path);
  if (given === null && kept !== '') {
    requireGoodKey(kept, path);
    chmodSync(path, 0o600);
  }
  const key = given ?? (kept === '' ? `vk_${randomBytes(32).toString('base64url')}` : kept);
  if (key !== kept) writeFileAtomically(path, `${key}\n`, 0o600);
  return { key, isNew: given === null && kept === '' };
}

/** Throws `invalid_argument` config.weak_key for what could be guessed, or what an HTTP header cannot carry. */
export function requireGoodKey(key: string, where: string): void {
  if (key.length >= SHORTEST_KEY && /^[\x21-\x7e]+$/.test(key)) return;
  throw new VolaryError(
    'invalid_argument',
    `${where} is not a key; one has at least ${SHORTEST_KEY} characters, printable ASCII without spaces.`,
    { reason: 'config.weak_key' },
  );
}

function readKept(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  } catch (cause) {
    throw new VolaryError('failed_precondition', `${path} cannot be read; remove it, and a new key is made.`, {
      reason: 'config.data_dir',
      cause,
    });
  }
}
