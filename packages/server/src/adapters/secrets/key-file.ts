/** Files with keys, which are this user's alone. */
import { chmodSync, lstatSync, readFileSync } from 'node:fs';
import { VolaryError } from '../../domain/errors.ts';
import { writeFileAtomically } from '../../lib/write-file-atomically.ts';
import type { Log } from '../../ports/log.ts';

const MODE = 0o600;

/**
 * What stands in it; null if there is none. One that others may read is made 0600 again. Throws `failed_precondition` config.data_dir if it cannot be
 * read or is another's.
 */
export function readKeyFile(path: string, log: Log): string | null {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (!found.isFile()) throw new Error('not a regular file');
    const mode = found.mode & 0o777;
    if (mode !== MODE) {
      chmodSync(path, MODE);
      log.warn('the key file could be read by others; change the key if that may have happened', {
        path,
        mode: mode.toString(8),
      });
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new VolaryError(
      'failed_precondition',
      `${path} cannot be read by this user alone; make it a file of this user's, with mode 0600.`,
      { reason: 'config.data_dir', cause },
    );
  }
}

/** Puts this in its place, whole, with mode 0600; it is on the disk when this returns. */
export function writeKeyFile(path: string, text: string): void {
  writeFileAtomically(path, text, MODE);
}
