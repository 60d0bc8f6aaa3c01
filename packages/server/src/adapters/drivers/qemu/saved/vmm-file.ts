import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { saveFailed } from '../errors.ts';

/**
 * Opens a file in the directory that belongs to a VMM, which may have put there what it likes: a link would lead us to a file that
 * only we may read, and what we make of it is handed to the next VMM. Throws `unavailable` driver.save_failed.
 */
export async function openVmmFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: unknown) => {
    throw saveFailed(cause);
  });
  const { nlink } = await file.stat().then((found) => (found.isFile() ? found : { nlink: 0 }));
  // Of a file with two names, one may be somebody else's.
  if (nlink === 1) return file;
  await file.close();
  throw saveFailed(`${path} is not a file of its VMM alone`);
}
