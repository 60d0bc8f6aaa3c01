import type { Abortable } from '../../../../ports/guest-link.ts';
import { runProgram } from '../../../shared/run-program.ts';
import { diskFull, NO_SPACE, saveFailed } from '../errors.ts';

/**
 * Copies a file by `cp`, which shares its blocks where the file system can, and keeps its holes. Throws `resource_exhausted`
 * driver.disk_full, `unavailable` driver.save_failed.
 */
export async function copySparse(from: string, to: string, { signal }: Abortable): Promise<void> {
  const args = ['--reflink=auto', '--sparse=always', '--', from, to];
  const { exitCode, stderr } = await runProgram('cp', args, { signal });
  if (exitCode !== 0) throw NO_SPACE.test(stderr) ? diskFull(stderr) : saveFailed(stderr);
}
