/**
 * What this driver has on the disk: in its data directory, and what servers that died have left in the cache, which several
 * servers may share. So something there is a leftover only when nothing in it was changed for an hour and no VMM lives in it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmId } from '../../../domain/ids.ts';
import type { DriverStorage, KeptThing } from '../../../ports/driver.ts';
import { measureTree } from '../../shared/allocated-bytes.ts';
import { namesIn, partsIn } from '../../shared/in-place.ts';
import { readRecord } from './launch-record.ts';
import { readSavedFacts, snapshotsPath } from './saved/saved-machine.ts';
import { listVmIds, vmDirectory, vmDirectoryAt } from './vm-directory.ts';
import { findVmm } from './vmm-process.ts';
import { volumesPath } from './volumes/volume-files.ts';

/** A template's guest that boots slowly, or a large one that is copied, is given this long. */
const LEFT_ALONE_MS = 3_600_000;
/** How directories of guests begin that are no VMs. */
const THROWAWAY = /^(template|probe)-/;

export interface StoragePaths {
  readonly dataDir: string;
  readonly cacheDir: string;
}

export function createHostStorage({ dataDir, cacheDir }: StoragePaths): DriverStorage {
  return {
    async list({ signal }) {
      const things: KeptThing[] = [];
      for (const id of await listVmIds(dataDir)) {
        signal.throwIfAborted();
        things.push(await measureDisk(dataDir, id));
      }
      for (const id of await namesIn(snapshotsPath(dataDir)))
        things.push(await measureThing('snapshot', id, join(snapshotsPath(dataDir), id)));
      for (const id of await namesIn(volumesPath(dataDir)))
        things.push(await measureThing('volume', id, join(volumesPath(dataDir), id)));
      for (const id of await namesIn(join(dataDir, 'images'))) {
        const { bytes } = await measureTree(join(dataDir, 'images', id), { isSharedCounted: false });
        things.push({ kind: 'image', id, bytes, isBusy: false });
      }
      for (const id of await leftoversIn(cacheDir)) things.push(await measureThing('leftover', id, join(cacheDir, id)));
      return things;
    },
    async removeLeftover(id) {
      if (!(await leftoversIn(cacheDir)).includes(id)) return false;
      await rm(join(cacheDir, id), { recursive: true, force: true });
      return true;
    },
  };
}

/** Their names below the cache. */
async function leftoversIn(cacheDir: string): Promise<readonly string[]> {
  const throwaway = (await namesIn(join(cacheDir, 'qemu'))).filter((name) => THROWAWAY.test(name));
  const names = [
    ...throwaway.map((name) => join('qemu', name)),
    ...(await partsIn(join(cacheDir, 'warm'))).map((name) => join('warm', name)),
    ...(await damagedTemplates(cacheDir)),
  ];
  const left: string[] = [];
  for (const name of names) if (await isLeft(join(cacheDir, name))) left.push(name);
  return left;
}

/** Templates without facts, as after a removal that was cut short, or with damaged ones: nobody finds them. */
async function damagedTemplates(cacheDir: string): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const key of await namesIn(join(cacheDir, 'warm')))
    if ((await readSavedFacts(join(cacheDir, 'warm', key))).kind !== 'valid') damaged.push(join('warm', key));
  return damaged;
}

async function isLeft(path: string): Promise<boolean> {
  const { changedAt } = await measureTree(path);
  if (Date.now() - changedAt < LEFT_ALONE_MS) return false;
  const directory = vmDirectoryAt(path);
  const stored = await readRecord(directory.recordPath);
  return stored.kind !== 'valid' || findVmm(stored.record, directory) === null;
}

async function measureThing(kind: 'snapshot' | 'volume' | 'leftover', id: string, path: string): Promise<KeptThing> {
  const { bytes } = await measureTree(path);
  return { kind, id, bytes, isBusy: false };
}

/** A directory without a machine may still be one that somebody has begun to fill. */
async function measureDisk(dataDir: string, id: VmId): Promise<KeptThing> {
  const directory = vmDirectory(dataDir, id);
  // What it has links to is not its own: files of packs.
  const disk = await measureTree(directory.path, { isSharedCounted: false });
  // What was saved of a suspended VM is the VM's, as its disk is.
  const suspended = await measureTree(join(dataDir, 'suspended', id));
  const hasMachine = (await readRecord(directory.recordPath)).kind !== 'none';
  const isBusy = hasMachine || Date.now() - disk.changedAt < LEFT_ALONE_MS;
  return { kind: 'disk', id, bytes: disk.bytes + suspended.bytes, isBusy };
}
