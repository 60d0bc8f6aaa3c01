/**
 * The disks of a machine that is restored: memory is only worth something together with the disks it knows. So each is a copy
 * of the saved one that nothing has been written to, and whatever else is there gives way to such copies.
 *
 * They are made in a directory beside the VM's disks, out of its VMM's reach, and take the disks' names when all are complete and its
 * machine is gone. That the disks are untouched is written down last, and taken back before its machine goes; whoever is interrupted
 * before that makes all of them again.
 */
import { chown, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import type { Identity } from '../../../shared/vm-identity.ts';
import { readDiskOrigin, writeDiskOrigin } from '../disk-origin.ts';
import { RUN_FILES, type VmDirectory } from '../vm-directory.ts';
import { copySparse } from './copy-sparse.ts';
import type { SavedMachine } from './saved-machine.ts';

const PREPARED = 'prepared-';

interface RestoredDisks extends Abortable {
  /** The saved machine's. */
  readonly id: string;
  readonly saved: SavedMachine;
}

/** Copies the saved disks beside the VM's own, unless that has been done; answers where they are. */
export async function prepareRestoredDisks(
  directory: VmDirectory,
  { id, saved, signal }: RestoredDisks,
): Promise<string> {
  const prepared = join(directory.path, `${PREPARED}${id}`);
  const names = await readdir(directory.path);
  if (names.includes(`${PREPARED}${id}`)) return prepared;
  await removePreparedDisks(directory);
  const part = join(directory.path, `${PREPARED}part`);
  try {
    await mkdir(part, { mode: 0o700 });
    for (const [file, from] of disksOf(saved)) {
      await copySparse(from, join(part, file), { signal });
      await synchronise(join(part, file));
    }
    await synchronise(part);
    await rename(part, prepared);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  return prepared;
}

/** Makes the disks of the VM, whose machine is gone, the saved one's, unless they still are; and the agent's key with them. */
export async function putRestoredDisks(
  directory: VmDirectory,
  { identity, ...restored }: RestoredDisks & { readonly identity: Identity | null },
): Promise<void> {
  const { id, saved } = restored;
  if (saved.linkKeyPath !== null) await copyFile(saved.linkKeyPath, directory.linkKeyPath);
  if ((await readDiskOrigin(directory))?.untouchedCopyOf === id) return;
  const prepared = await prepareRestoredDisks(directory, restored);
  // From here on it is not complete any more: whoever comes after an interruption is not to take it for what it was.
  const part = join(directory.path, `${PREPARED}part`);
  await rename(prepared, part);
  for (const file of disksOf(saved).keys()) {
    if (identity !== null) await chown(join(part, file), identity.uid, identity.gid);
    await rename(join(part, file), join(directory.runPath, file));
  }
  await synchronise(directory.runPath);
  await writeDiskOrigin(directory, saved.facts, id);
}

/** Removes copies that were made for a restore which did not come about. */
export async function removePreparedDisks(directory: VmDirectory): Promise<void> {
  for (const name of await readdir(directory.path))
    if (name.startsWith(PREPARED)) await rm(join(directory.path, name), { recursive: true, force: true });
}

/** Where each is saved, by the name that it has with a VM. */
function disksOf({ diskPath, extraDiskPaths }: SavedMachine): ReadonlyMap<string, string> {
  return new Map([[RUN_FILES.disk, diskPath], ...extraDiskPaths]);
}
