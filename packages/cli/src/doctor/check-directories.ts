import { access, mkdtemp, rmdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatBytes } from '../output/format.ts';
import { systemReason } from '../output/system-error.ts';
import { type Check, type Finding, fine } from './check.ts';

const GIB = 1024 ** 3;
/** The image takes about half of this while it is built. */
const LEAST_DISK_BYTES = 2 * GIB;

/** That the directories can be written to, and what is free there. */
export const checkDirectories: Check = async ({ dataDir, cacheDir }) => [
  await checkDirectory('data_dir', 'Data directory', dataDir, 'choose another: --data-dir DIR or VOLARY_DATA_DIR'),
  await checkDirectory('cache_dir', 'Cache directory', cacheDir, 'choose another: VOLARY_CACHE_DIR'),
];

/** One of them, which need not be there yet. Its `fix` is the choice of another. */
export async function checkDirectory(id: string, title: string, path: string, choice: string): Promise<Finding> {
  const existing = await nearestThatExists(path);
  try {
    // By trying: modes say nothing of read-only and special file systems, and nothing to root.
    await rmdir(await mkdtemp(join(existing, '.volary-doctor-')));
  } catch (error) {
    const detail = `${path} cannot be written: ${systemReason(error)}`;
    return { id, title, status: 'fail', detail, fix: choice };
  }
  const { bavail, bsize } = await statfs(existing);
  const detail = `${path}, ${formatBytes(bavail * bsize)} free`;
  if (bavail * bsize >= LEAST_DISK_BYTES) return fine(id, title, detail);
  return { id, title, status: 'warn', detail, fix: `free some space, or ${choice}` };
}

async function nearestThatExists(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists || path === dirname(path) ? path : nearestThatExists(dirname(path));
}
