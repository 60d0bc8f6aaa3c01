import { open } from 'node:fs/promises';

/** Brings a file's content, or a directory's entries, to the disk. */
export async function synchronise(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
