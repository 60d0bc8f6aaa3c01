import { readFile } from 'node:fs/promises';
import { type Of, oneOf, record, type Shape } from '../../../lib/shape.ts';
import { replaceFile } from '../../shared/replace-file.ts';
import { synchronise } from '../../shared/synchronise.ts';
import type { VmDirectory } from './vm-directory.ts';

/** As it names a directory, it must be able to name nothing else. */
const digest: Shape<string> = (value): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const DISK_ORIGIN = record({ version: oneOf(1), imageDigest: digest });

/** What is kept beside a disk for as long as it lives: which image it was made from, and is worthless without. */
export type DiskOrigin = Of<typeof DISK_ORIGIN>;

/** What was written beside the VM's disk; null if nothing was, or nobody can tell what. */
export async function readDiskOrigin({ diskOriginPath }: VmDirectory): Promise<DiskOrigin | null> {
  const content = await readFile(diskOriginPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (content === null) return null;
  try {
    const value: unknown = JSON.parse(content);
    return DISK_ORIGIN(value) ? value : null;
  } catch {
    // Damaged, which is told as not being there.
    return null;
  }
}

/** Writes it, and returns when a loss of power cannot undo that any more. */
export async function writeDiskOrigin(directory: VmDirectory, imageDigest: string): Promise<void> {
  const origin: DiskOrigin = { version: 1, imageDigest };
  await replaceFile(directory.diskOriginPath, `${JSON.stringify(origin)}\n`, { mode: 0o600 });
  await synchronise(directory.diskOriginPath);
  await synchronise(directory.path);
}
