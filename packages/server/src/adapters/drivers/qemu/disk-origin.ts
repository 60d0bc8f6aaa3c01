import { parseId } from '../../../domain/ids.ts';
import { dictionaryOf, flag, type Of, oneOf, optional, record, type Shape, text } from '../../../lib/shape.ts';
import { readFacts, valueIn } from '../../shared/read-facts.ts';
import { replaceFile } from '../../shared/replace-file.ts';
import { synchronise } from '../../shared/synchronise.ts';
import type { VmDirectory } from './vm-directory.ts';

/** As it names a directory, it must be able to name nothing else. */
const digest: Shape<string> = (value): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const DISK_ORIGIN = record({
  /** 2: with contents, without which an earlier version would take the disks for others. */
  version: oneOf(1, 2),
  imageDigest: digest,
  /** The same of disks besides the root that began with something, by their names. */
  contents: optional(dictionaryOf(digest)),
  /** Which of those are volumes, by their names. */
  volumes: optional(dictionaryOf(text)),
  /** The saved machine whose disk this is a copy of, as long as nothing has been written to it. */
  untouchedCopyOf: optional(text),
  /** Its machine was made ahead of its VM, and was ended without having been given to it: what is left belongs to nobody. */
  isOfSpare: optional(flag),
});

/** What is kept beside a disk for as long as it lives: which image it was made from, and is worthless without. */
export type DiskOrigin = Of<typeof DISK_ORIGIN>;

/** What was written beside the VM's disk; null if nothing was, or nobody can tell what. Throws `unavailable` host.file_unreadable. */
export async function readDiskOrigin({ diskOriginPath }: VmDirectory): Promise<DiskOrigin | null> {
  return valueIn(await readFacts(diskOriginPath, DISK_ORIGIN));
}

/**
 * Takes back that the disk is untouched: its machine is about to write to it. Not synchronised: after a loss of power,
 * nobody restores a machine whose start was written down, and that is what follows.
 */
export async function noteDiskInUse(directory: VmDirectory): Promise<void> {
  const origin = await readDiskOrigin(directory);
  if (origin === null || (origin.untouchedCopyOf === undefined && origin.isOfSpare === undefined)) return;
  await replaceOrigin(directory, { ...origin, untouchedCopyOf: undefined, isOfSpare: undefined });
}

/** Writes down that what is left of this machine belongs to nobody, before the record goes that says so. */
export async function noteSpareEnded(directory: VmDirectory): Promise<void> {
  const origin = await readDiskOrigin(directory);
  if (origin !== null) await replaceOrigin(directory, { ...origin, isOfSpare: true });
}

/** True for the disk of a machine that was made ahead of its VM, or of a VM that nobody has been in. */
export function isOfNobody({ untouchedCopyOf, isOfSpare }: DiskOrigin): boolean {
  return isOfSpare === true || (untouchedCopyOf !== undefined && parseId('snap', untouchedCopyOf) === null);
}

/** Digests of all that the disks stand on. */
export function imagesOf({ imageDigest, contents }: Pick<DiskOrigin, 'imageDigest' | 'contents'>): readonly string[] {
  return [imageDigest, ...Object.values(contents ?? {})];
}

/** Writes it, and returns when a loss of power cannot undo that any more. */
export async function writeDiskOrigin(
  directory: VmDirectory,
  {
    imageDigest,
    contents,
    volumes,
  }: Pick<DiskOrigin, 'imageDigest' | 'contents'> & Partial<Pick<DiskOrigin, 'volumes'>>,
  untouchedCopyOf?: string,
): Promise<void> {
  await replaceOrigin(directory, {
    version: contents === undefined && volumes === undefined ? 1 : 2,
    ...{ imageDigest, contents, volumes, untouchedCopyOf, isOfSpare: undefined },
  });
  await synchronise(directory.diskOriginPath);
  await synchronise(directory.path);
}

/** Writes which volumes the VM has from now on, with what all its disks stand on; as certain as `writeDiskOrigin`. */
export async function replaceVolumes(directory: VmDirectory, origin: DiskOrigin): Promise<void> {
  await replaceOrigin(directory, { ...origin, version: 2 });
  await synchronise(directory.diskOriginPath);
  await synchronise(directory.path);
}

async function replaceOrigin({ diskOriginPath }: VmDirectory, origin: DiskOrigin): Promise<void> {
  await replaceFile(diskOriginPath, `${JSON.stringify(origin)}\n`, { mode: 0o600 });
}
