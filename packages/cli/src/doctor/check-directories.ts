import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '../output/format.ts';
import { type Check, type Finding, fine } from './check.ts';

const GIB = 1024 ** 3;
/** The image takes about half of this while it is built. */
const LEAST_DISK_BYTES = 2 * GIB;

/** That the directories can be written to, and what is free there. */
export const checkDirectories: Check = async ({ dataDir, cacheDir }) => [
  await look('data_dir', 'Data directory', dataDir, 'choose another: --data-dir DIR or VOLARY_DATA_DIR'),
  await look('cache_dir', 'Cache directory', cacheDir, 'choose another: VOLARY_CACHE_DIR'),
];

async function look(id: string, title: string, path: string, choice: string): Promise<Finding> {
  const existing = await nearestThatExists(path);
  if (!(await isWritableDirectory(existing)))
    return { id, title, status: 'fail', detail: `${existing} cannot be written to`, fix: choice };
  const { bavail, bsize } = await statfs(existing);
  const detail = `${path}, ${formatBytes(bavail * bsize)} free`;
  if (bavail * bsize >= LEAST_DISK_BYTES) return fine(id, title, detail);
  return { id, title, status: 'warn', detail, fix: `free some space, or ${choice}` };
}

async function isWritableDirectory(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return (await stat(path)).isDirectory();
  } catch {
    return false; // whatever keeps us from it, another place has to be chosen
  }
}

async function nearestThatExists(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists || path === dirname(path) ? path : nearestThatExists(dirname(path));
}
