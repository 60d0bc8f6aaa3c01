import { readFile } from 'node:fs/promises';
import { type Of, oneOf, optional, record, type Shape, text } from '../../../lib/shape.ts';
import { replaceFile } from '../../shared/replace-file.ts';
import { synchronise } from '../../shared/synchronise.ts';
import type { VmDirectory } from './vm-directory.ts';

/** As it names a directory, it must be able to name nothing else. */
const digest: Shape<string> = (value): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const DISK_ORIGIN = record({
  version: oneOf(1),
  imageDigest: digest,
  /** The saved machine whose disk this is a copy of, as long as nothing has been written to it. */
  untouchedCopyOf: optional(text),
});

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

/**
 * Takes back that the disk is untouched: its machine is about to write to it. Not synchronised: after a loss of power,
 * nobody restores a machine whose start was written down, and that is what follows.
 */
export async function noteDiskInUse(directory: VmDirectory): Promise<void> {
  const origin = await readDiskOrigin(directory);
  if (origin?.untouchedCopyOf === undefined) return;
  const { version, imageDigest } = origin;
  await replaceFile(directory.diskOriginPath, `${JSON.stringify({ version, imageDigest })}\n`, { mode: 0o600 });
}

/** Writes it, and returns when a loss of power cannot undo that any more. */
export async function writeDiskOrigin(
  directory: VmDirectory,
  imageDigest: string,
  untouchedCopyOf?: string,
): Promise<void> {
  const origin: DiskOrigin = { version: 1, imageDigest, untouchedCopyOf };
  await replaceFile(directory.diskOriginPath, `${JSON.stringify(origin)}\n`, { mode: 0o600 });
  await synchronise(directory.diskOriginPath);
  await synchronise(directory.path);
}
