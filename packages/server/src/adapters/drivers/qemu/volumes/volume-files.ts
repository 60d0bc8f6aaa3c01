/**
 * Where the volumes of a data directory lie:
 *
 *   volumes/<id>/   disk.qcow2, volume.json: what it is an overlay on, if it is one
 *
 * One appears by a rename, complete or not at all. A VM that has it has a second name for the file in its run directory, so that nobody has to be let
 * in here, and what removes the VM's directory takes nothing from the volume.
 */
import { chmod, chown, link, lstat, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import { parseId, type VolumeId } from '../../../../domain/ids.ts';
import type { ExtraDisk } from '../../../../domain/vm/extra-disk.ts';
import { either, nothing, type Of, oneOf, record, text } from '../../../../lib/shape.ts';
import { namesIn } from '../../../shared/in-place.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import type { Identity } from '../../../shared/vm-identity.ts';
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

/** Ids of all that are there, complete ones. */
export async function listVolumeIds(path: string): Promise<readonly VolumeId[]> {
  const ids: VolumeId[] = [];
  for (const name of await namesIn(path)) {
    const id = parseId('vol', name);
    if (id !== null && (await readVolumeFacts(join(path, id))) !== null) ids.push(id);
  }
  return ids;
}

/** What is written beside it; null where there is no such volume, or not all of one. */
export async function readVolumeFacts(directory: string): Promise<VolumeFacts | null> {
  const content = await readFile(join(directory, VOLUME_FILES.facts), 'utf8').catch(() => null);
  if (content === null) return null;
  try {
    const value: unknown = JSON.parse(content);
    return FACTS(value) ? value : null;
  } catch {
    // Damaged, which is told as not being there.
    return null;
  }
}

/** What the volume is an overlay on. Throws `data_loss` driver.disk_damaged where it is not there. */
export async function baseDigestOf(path: string, id: VolumeId): Promise<string | null> {
  const facts = await readVolumeFacts(join(path, id));
  if (facts === null) throw volumeLost(id);
  return facts.baseDigest;
}

/**
 * Gives the volume a name in the directory of its VM's monitor, which may write to it unless it is only to be read: then no monitor may, and all may read.
 * Throws `data_loss` driver.disk_damaged.
 */
export async function linkVolume(
  directory: VmDirectory,
  { id, isReadonly }: { readonly id: VolumeId; readonly isReadonly: boolean },
  { file, identity }: { readonly file: string; readonly identity: Identity | null },
): Promise<void> {
  const from = volumePath(volumesBeside(directory), id);
  const to = join(directory.runPath, file);
  await rm(to, { force: true });
  await link(from, to).catch((cause: unknown) => {
    throw volumeLost(id, cause);
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
  const found = await lstat(path).catch(() => null);
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
