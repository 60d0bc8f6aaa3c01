/**
 * The disk of a machine that is restored: memory is only worth something together with the disk it knows. So the disk is a copy
 * of the saved one that nothing has been written to, and whatever else is there gives way to such a copy.
 *
 * A copy is made beside the VM's disk, out of its VMM's reach, and takes the disk's name when it is complete and its
 * machine is gone. That the disk is untouched is written down last, and taken back before its machine goes.
 */
import { chown, copyFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import { readDiskOrigin, writeDiskOrigin } from '../disk-origin.ts';
import type { Identity } from '../privileges.ts';
import type { VmDirectory } from '../vm-directory.ts';
import { copySparse } from './copy-sparse.ts';
import type { SavedMachine } from './saved-machine.ts';

const PREPARED = 'prepared-';

interface RestoredDisk extends Abortable {
  /** The saved machine's. */
  readonly id: string;
  readonly saved: SavedMachine;
}

/** Copies the saved disk beside the VM's own, unless that has been done. */
export async function prepareRestoredDisk(
  directory: VmDirectory,
  { id, saved, signal }: RestoredDisk,
): Promise<string> {
  const prepared = join(directory.path, `${PREPARED}${id}.qcow2`);
  const names = await readdir(directory.path);
  if (names.includes(`${PREPARED}${id}.qcow2`)) return prepared;
  await removePreparedDisks(directory);
  const part = join(directory.path, `${PREPARED}part`);
  try {
    await copySparse(saved.diskPath, part, { signal });
    await synchronise(part);
    await rename(part, prepared);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return prepared;
}

/** Makes the VM's disk, whose machine is gone, the saved one's, unless it still is; and the agent's key with it. */
export async function putRestoredDisk(
  directory: VmDirectory,
  { identity, ...restored }: RestoredDisk & { readonly identity: Identity | null },
): Promise<void> {
  const { id, saved } = restored;
  if (saved.linkKeyPath !== null) await copyFile(saved.linkKeyPath, directory.linkKeyPath);
  if ((await readDiskOrigin(directory))?.untouchedCopyOf === id) return;
  const prepared = await prepareRestoredDisk(directory, restored);
  if (identity !== null) await chown(prepared, identity.uid, identity.gid);
  await rename(prepared, directory.diskPath);
  await synchronise(directory.runPath);
  await writeDiskOrigin(directory, saved.facts.imageDigest, id);
}

/** Removes copies that were made for a restore which did not come about. */
export async function removePreparedDisks(directory: VmDirectory): Promise<void> {
  for (const name of await readdir(directory.path))
    if (name.startsWith(PREPARED)) await rm(join(directory.path, name), { force: true });
}
