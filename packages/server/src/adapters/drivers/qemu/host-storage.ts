/**
 * What this driver has on the disk: in its data directory, and what servers that died have left in the cache, which several
 * servers may share. So something there is a leftover only when nothing in it was changed for an hour and no VMM lives in it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmId } from '../../../domain/ids.ts';
import type { DriverStorage, KeptThing } from '../../../ports/driver.ts';
import type { Log } from '../../../ports/log.ts';
import { measureTree } from '../../shared/allocated-bytes.ts';
import { namesIn, partsIn } from '../../shared/in-place.ts';
import { isUnreadable } from '../../shared/read-facts.ts';
import { readRecord } from './launch-record.ts';
import { readSavedFacts, snapshotsPath } from './saved/saved-machine.ts';
import { listVmIds, vmDirectory, vmDirectoryAt } from './vm-directory.ts';
import { findVmm } from './vmm-process.ts';
import { volumesPath } from './volumes/volume-files.ts';

/** A template's guest that boots slowly, or a large one that is copied, is given this long. */
const LEFT_ALONE_MS = 3_600_000;
/** How directories of guests begin that are no VMs. */
const THROWAWAY = /^(template|probe)-/;

export interface HostStorageDeps {
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly log: Log;
}

export function createHostStorage({ dataDir, cacheDir, log }: HostStorageDeps): DriverStorage {
  /** What cannot be looked at keeps nobody from the others. It counts as busy: nobody can tell that it is not needed. */
  async function look(kind: KeptThing['kind'], id: string, measure: () => Promise<Measured>): Promise<KeptThing> {
    try {
      return { kind, id, ...(await measure()) };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      log.warn('what is kept on this host could not be measured', { kind, id, error });
      return { kind, id, bytes: 0, isBusy: true };
    }
  }

  async function* leftovers(): AsyncIterable<KeptThing> {
    for (const name of await namesOfLeftovers(cacheDir)) {
      const path = join(cacheDir, name);
      const thing = await look('leftover', name, async () => ({
        ...(await measure(path)),
        isBusy: !(await isLeft(path)),
      }));
      if (!thing.isBusy) yield thing;
    }
  }

  return {
    async list({ signal }) {
      const things: KeptThing[] = [];
      for (const id of await listVmIds(dataDir)) {
        signal.throwIfAborted();
        things.push(await look('disk', id, () => measureDisk(dataDir, id)));
      }
      for (const id of await namesIn(snapshotsPath(dataDir)))
        things.push(await look('snapshot', id, () => measure(join(snapshotsPath(dataDir), id))));
      for (const id of await namesIn(volumesPath(dataDir)))
        things.push(await look('volume', id, () => measure(join(volumesPath(dataDir), id))));
      for (const id of await namesIn(join(dataDir, 'images')))
        things.push(await look('image', id, () => measure(join(dataDir, 'images', id), { isSharedCounted: false })));
      for await (const leftover of leftovers()) things.push(leftover);
      return things;
    },
    async removeLeftover(id) {
      for await (const leftover of leftovers()) {
        if (leftover.id !== id) continue;
        await rm(join(cacheDir, id), { recursive: true, force: true });
        return true;
      }
      return false;
    },
  };
}

type Measured = Pick<KeptThing, 'bytes' | 'isBusy'>;

async function measure(path: string, options?: Parameters<typeof measureTree>[1]): Promise<Measured> {
  const { bytes } = await measureTree(path, options);
  return { bytes, isBusy: false };
}

/** What may have been left below the cache. */
async function namesOfLeftovers(cacheDir: string): Promise<readonly string[]> {
  const throwaway = (await namesIn(join(cacheDir, 'qemu'))).filter((name) => THROWAWAY.test(name));
  return [
    ...throwaway.map((name) => join('qemu', name)),
    ...(await partsIn(join(cacheDir, 'warm'))).map((name) => join('warm', name)),
    ...(await damagedTemplates(cacheDir)),
  ];
}

/** Templates without facts, as after a removal that was cut short, or with damaged ones: nobody finds them. */
async function damagedTemplates(cacheDir: string): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const key of await namesIn(join(cacheDir, 'warm'))) {
    const isValid = await readSavedFacts(join(cacheDir, 'warm', key)).then(
      ({ kind }) => kind === 'valid',
      // Of one that cannot be read now nobody can tell.
      (error: unknown) => {
        if (isUnreadable(error)) return true;
        throw error;
      },
    );
    if (!isValid) damaged.push(join('warm', key));
  }
  return damaged;
}

async function isLeft(path: string): Promise<boolean> {
  const { changedAt } = await measureTree(path);
  if (Date.now() - changedAt < LEFT_ALONE_MS) return false;
  const directory = vmDirectoryAt(path);
  const stored = await readRecord(directory.recordPath);
  return stored.kind !== 'valid' || findVmm(stored.record, directory) === null;
}

/** A directory without a machine may still be one that somebody has begun to fill. */
async function measureDisk(dataDir: string, id: VmId): Promise<Measured> {
  const directory = vmDirectory(dataDir, id);
  // What it has links to is not its own: files of packs.
  const disk = await measureTree(directory.path, { isSharedCounted: false });
  // What was saved of a suspended VM is the VM's, as its disk is.
  const suspended = await measureTree(join(dataDir, 'suspended', id));
  const hasMachine = (await readRecord(directory.recordPath)).kind !== 'none';
  const isBusy = hasMachine || Date.now() - disk.changedAt < LEFT_ALONE_MS;
  return { bytes: disk.bytes + suspended.bytes, isBusy };
}
