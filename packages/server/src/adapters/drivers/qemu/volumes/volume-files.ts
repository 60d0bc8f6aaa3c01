/**
 * Where the volumes of a data directory lie:
 *
 *   volumes/<id>/   disk.qcow2, volume.json: what it is an overlay on, if it is one
 *
 * One appears by a rename, complete or not at all. A VM that has it has a second name for the file in its run directory, so that nobody has to be let
 * in here, and what removes the VM's directory takes nothing from the volume.
 */
import { chmod, chown, link, lstat, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import { parseId, type VolumeId } from '../../../../domain/ids.ts';
import type { ExtraDisk } from '../../../../domain/vm/extra-disk.ts';
import { either, nothing, type Of, oneOf, record, text } from '../../../../lib/shape.ts';
import { namesIn } from '../../../shared/in-place.ts';
import { type Facts, readFacts, unlessAbsent } from '../../../shared/read-facts.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import type { Identity } from '../../../shared/vm-identity.ts';
import { diskFull, isNoSpace } from '../errors.ts';
import type { VmDirectory } from '../vm-directory.ts';

/** Names of files in the directory of a volume. */
export const VOLUME_FILES = { disk: 'disk.qcow2', facts: 'volume.json' } as const;

const FACTS = record({
  version: oneOf(1),
  /** Of the image whose root it is an overlay on; null: it stands by itself. */
  baseDigest: either(nothing, text),
});
export type VolumeFacts = Of<typeof FACTS>;

/** The directory that holds those of all volumes. */
export function volumesPath(dataDir: string): string {
  return join(dataDir, 'volumes');
}

/** The same of the data directory that this VM is kept in. */
export function volumesBeside({ path }: Pick<VmDirectory, 'path'>): string {
  return volumesPath(dirname(dirname(path)));
}

/** The disk of one. */
export function volumePath(path: string, id: VolumeId): string {
  return join(path, id, VOLUME_FILES.disk);
}

/** Ids of all that are there, also of such as are damaged. Throws `unavailable` host.file_unreadable. */
export async function listVolumeIds(path: string): Promise<readonly VolumeId[]> {
  const ids: VolumeId[] = [];
  for (const name of await namesIn(path)) {
    const id = parseId('vol', name);
    if (id !== null && (await readVolumeFacts(join(path, id))).kind !== 'absent') ids.push(id);
  }
  return ids;
}

/** What is written beside it; absent where there is no such volume, or not all of one. Throws `unavailable` host.file_unreadable. */
export async function readVolumeFacts(directory: string): Promise<Facts<VolumeFacts>> {
  return await readFacts(join(directory, VOLUME_FILES.facts), FACTS);
}

/** What the volume is an overlay on. Throws `data_loss` driver.disk_damaged where it is not there, or nobody can tell. */
export async function baseDigestOf(path: string, id: VolumeId): Promise<string | null> {
  const facts = await readVolumeFacts(join(path, id));
  if (facts.kind === 'valid') return facts.value.baseDigest;
  throw facts.kind === 'damaged' ? volumeDamaged(id) : volumeLost(id);
}

/**
 * Gives the volume a name in the directory of its VM's monitor, which may write to it unless it is only to be read: then no monitor may, and all may read.
 * Throws `data_loss` driver.disk_damaged, `resource_exhausted` driver.disk_full, `unavailable` driver.disk_failed.
 */
export async function linkVolume(
  directory: VmDirectory,
  { id, isReadonly }: { readonly id: VolumeId; readonly isReadonly: boolean },
  { file, identity }: { readonly file: string; readonly identity: Identity | null },
): Promise<void> {
  const from = volumePath(volumesBeside(directory), id);
  const to = join(directory.runPath, file);
  await rm(to, { force: true });
  await link(from, to).catch((cause: NodeJS.ErrnoException) => {
    if (isNoSpace(cause)) throw diskFull(cause);
    throw cause.code === 'ENOENT' ? volumeLost(id, cause) : notLinked(cause);
  });
  await chmod(from, isReadonly ? 0o444 : 0o600);
  if (identity !== null)
    await (isReadonly
      ? chown(from, process.getuid?.() ?? 0, process.getgid?.() ?? 0)
      : chown(from, identity.uid, identity.gid));
  await synchronise(from);
}

/** Ids of the volumes among these disks, by the names of the disks; undefined where there are none. */
export function volumesOfDisks(disks: readonly ExtraDisk[]): Record<string, string> | undefined {
  const entries = disks.flatMap(({ name, volume }) => (volume === null ? [] : [[name, volume] as const]));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Throws `data_loss` driver.disk_damaged unless it is a file of this monitor: that may have put there what it likes, and what it is not the owner of is somebody else's. */
export async function requireOwnFile(path: string, identity: Identity | null): Promise<void> {
  const found = await lstat(path).catch(unlessAbsent);
  const uid = identity?.uid ?? process.getuid?.() ?? 0;
  if (found?.isFile() === true && found.uid === uid) return;
  throw new VolaryError('data_loss', 'The disk that was to be kept is not there, or is not the one of this VM.', {
    reason: 'driver.disk_damaged',
    context: { path },
  });
}

function volumeLost(id: VolumeId, cause?: unknown): VolaryError {
  return new VolaryError('data_loss', `The volume ${id} is gone from the host.`, {
    reason: 'driver.disk_damaged',
    cause,
  });
}

/** It is there, and is not to be had now. */
function notLinked(cause: unknown): VolaryError {
  return new VolaryError('unavailable', 'The VM could not be given the disk of its volume.', {
    reason: 'driver.disk_failed',
    cause,
  });
}

/** Its disk is there, and nobody can tell what it stands on. */
export function volumeDamaged(id: VolumeId): VolaryError {
  return new VolaryError(
    'data_loss',
    `The file of facts beside the disk of the volume ${id} is damaged, or a newer version of the server has written it. The disk is left as it is.`,
    { reason: 'driver.disk_damaged' },
  );
}
