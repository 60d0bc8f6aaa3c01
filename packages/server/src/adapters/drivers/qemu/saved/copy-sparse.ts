import { constants } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { runProgram } from '../../../shared/run-program.ts';
import { diskFull, isNoSpace, NO_SPACE, saveFailed } from '../errors.ts';

/** Below it a copy is done before a program would have been started, and holes are not worth looking for. */
const SMALL_BYTES = 32 * 1024 ** 2;

/**
 * Copies a file, sharing its blocks where the file system can, and keeping the holes of a large one. Throws
 * `resource_exhausted` driver.disk_full, `unavailable` driver.save_failed.
 */
export async function copySparse(from: string, to: string, { signal }: Abortable): Promise<void> {
  try {
    const { size } = await stat(from);
    if (size <= SMALL_BYTES) return await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw isNoSpace(error) ? diskFull(error) : saveFailed(error);
  }
  const args = ['--reflink=auto', '--sparse=always', '--', from, to];
  const { exitCode, stderr } = await runProgram('cp', args, { signal });
  if (exitCode !== 0) throw NO_SPACE.test(stderr) ? diskFull(stderr) : saveFailed(stderr);
}
