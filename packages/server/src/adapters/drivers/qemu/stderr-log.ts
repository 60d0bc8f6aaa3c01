import { open, stat, truncate } from 'node:fs/promises';

/** Past this size the VMM's messages are dropped and begun anew: a guest can make its VMM complain for ever. */
const MAXIMUM_BYTES = 256 * 1024;
const LAST_WORDS_BYTES = 2 * 1024;

/** The last lines that the VMM wrote to its standard error; empty if it wrote nothing. */
export async function readLastWords(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, LAST_WORDS_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString('utf8').trim();
  } finally {
    await file.close();
  }
}

/** Keeps the file within its bound. The VMM appends, so it goes on at the beginning. */
export async function boundStderr(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size > MAXIMUM_BYTES) await truncate(path, 0);
}
