import { constants } from 'node:fs';
import { access, link } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { runProgram } from '../../shared/run-program.ts';
import { diskFull, NO_SPACE } from './errors.ts';

/** What forbids a link and no copy: another file system, one without links, too many of them, another's file. */
const NO_LINK: readonly unknown[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Gives a file of an image a second name, which costs nothing; where that cannot be, a copy that shares its blocks, or
 * at least its holes. Throws `unavailable` driver.image_gone, `resource_exhausted` driver.disk_full.
 */
export async function linkImageFile(from: string, to: string, options: Abortable): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') throw imageGone(from, error);
    if (!NO_LINK.includes(code)) throw error;
    await copy(from, to, options);
  }
}

/** By `cp`: Node's own copy would fill the holes, which are most of a root disk. */
async function copy(from: string, to: string, { signal }: Abortable): Promise<void> {
  const args = ['--reflink=auto', '--sparse=always', '--', from, to];
  const { exitCode, stderr } = await runProgram('cp', args, { signal });
  if (exitCode === 0) return;
  if (NO_SPACE.test(stderr)) throw diskFull(stderr);
  await access(from, constants.R_OK).catch((error: unknown) => {
    throw imageGone(from, error);
  });
  throw new VolaryError('unavailable', 'The disk of the VM could not be made.', {
    reason: 'driver.disk_failed',
    context: { args, exitCode, stderr },
  });
}

function imageGone(path: string, cause: unknown): VolaryError {
  return new VolaryError('unavailable', 'The image was removed before a disk had been made from it.', {
    reason: 'driver.image_gone',
    context: { path },
    cause,
  });
}
