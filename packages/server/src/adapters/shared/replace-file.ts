import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Replaces a small file, so that a reader (also one after our own crash) sees the old content or the new one. Not
 * synchronised: after a loss of power the file may be empty, and its reader has to bear that.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode: number },
): Promise<void> {
  const temporary = halfWrittenPath(path);
  try {
    await writeFile(temporary, content, { mode: options.mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Where the new content of a file is until it is whole. */
export function halfWrittenPath(path: string): string {
  return `${path}.new`;
}
