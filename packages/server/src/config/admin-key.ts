import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../lib/write-file-atomically.ts';

export interface AdminKey {
  readonly key: string;
  /** True when it has just been made: the one time that it is shown. */
  readonly isNew: boolean;
}

/**
 * The bootstrap administrator's key: the given one, else the one kept in the data directory, else a new one of 256
 * random bits. Kept in `admin.key`, mode 0600, where the command line of the same user finds it.
 */
export function obtainAdminKey(dataDir: string, given: string | null): AdminKey {
  const path = join(dataDir, 'admin.key');
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  const key = given ?? (kept === '' ? `vk_${randomBytes(32).toString('base64url')}` : kept);
  if (key !== kept) writeFileAtomically(path, `${key}\n`, 0o600);
  return { key, isNew: given === null && kept === '' };
}
