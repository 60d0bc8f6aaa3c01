/** Saved machines, a directory each below one. Each appears by a rename, complete or not at all. */
import { existsSync } from 'node:fs';
import { chmod, chown, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import type { SavedSummary } from '../../../../ports/driver.ts';
import { inPlace, namesIn } from '../../../shared/in-place.ts';
import { createKeyedLock } from '../../../shared/keyed-lock.ts';
import { damagedIfUnreadable, valueIn } from '../../../shared/read-facts.ts';
import { identityOf } from '../../../shared/vm-identity.ts';
import { isAddedMemory } from '../attachments/grown.ts';
import { imagesOf } from '../disk-origin.ts';
import { diskFull, isNoSpace } from '../errors.ts';
import { grownSize } from '../growth.ts';
import { type MemoryThread, startMemoryThread } from './memory/memory-thread.ts';
import {
  factsPath,
  filesOf,
  readSavedFacts,
  readSavedMachine,
  removeSavedMachine,
  type SavedFacts,
  type SavedMachine,
  savedPaths,
} from './saved-machine.ts';

export interface SavedStore {
  /**
   * What `fill` has put into an empty directory, kept under this id; what is there already stays. Throws what `fill` does,
   * and `resource_exhausted` driver.disk_full; then nothing is left of it. Throws `data_loss` snapshot.damaged where there is one that
   * nobody can tell to be whole: it stays as it is, unless the store is one of what can be made again.
   */
  keep(id: string, fill: (out: string) => Promise<SavedFacts>): Promise<SavedSummary>;
  /** The saved machine, unaltered. Throws `data_loss` snapshot.damaged, snapshot.lost, `unavailable` host.file_unreadable. */
  open(id: string): Promise<SavedMachine>;
  /** What it is, when it was made, and when it was made or opened last, without looking at its digests; null where there is none, or a damaged one. */
  summary(id: string): Promise<(SavedSummary & { readonly createdAt: number; readonly usedAt: number }) | null>;
  /** Ids of all. */
  list(): Promise<readonly string[]>;
  /** Answers the digests of the images that it stood on, none of one that is damaged; null if it was not there. */
  remove(id: string): Promise<readonly string[] | null>;
}

/** One object for each directory at a time. `isRebuildable`: what is damaged there is made again. */
export function createSavedStore(
  path: string,
  { isRebuildable }: { readonly isRebuildable: boolean } = { isRebuildable: false },
): SavedStore {
  const lock = createKeyedLock();
  /** By directory: what the files were like when their digests were last seen to be right. */
  const verified = new Map<string, string>();

  async function verify(directory: string, saved: SavedMachine): Promise<void> {
    const likeness = await likenessOf(saved);
    if (verified.get(directory) === likeness) return;
    await using thread = await startMemoryThread();
    if (!(await isUnaltered(thread, saved))) throw damaged();
    verified.set(directory, likeness);
  }

  async function put(id: string, fill: (out: string) => Promise<SavedFacts>): Promise<void> {
    try {
      await inPlace(
        path,
        async (out) => {
          await fill(out);
          await protect(out, id);
          return id;
        },
        { mode: 0o700 },
      );
    } catch (error) {
      throw isNoSpace(error) ? diskFull(error) : error;
    }
  }

  return {
    keep: (id, fill) =>
      lock.run(id, async () => {
        const directory = join(path, id);
        const present = await readSavedMachine(directory);
        if (present.kind === 'valid') return await summarise(present.value);
        if (present.kind === 'damaged' && !isRebuildable) throw damaged();
        // Without its facts it was never completed, or somebody died over its removal.
        await rm(directory, { recursive: true, force: true });
        await put(id, fill);
        const saved = valueIn(await readSavedMachine(directory));
        if (saved === null) throw new TypeError('the saved machine is not where it was just put');
        verified.set(directory, await likenessOf(saved));
        return await summarise(saved);
      }),
    async summary(id) {
      const saved = valueIn(await readSavedMachine(join(path, id)));
      if (saved === null) return null;
      const { mtimeMs } = await stat(factsPath(join(path, id)));
      return { ...(await summarise(saved)), createdAt: saved.facts.savedAt, usedAt: Math.round(mtimeMs) };
    },
    list: () => namesIn(path),
    open: (id) =>
      lock.run(id, async () => {
        const directory = join(path, id);
        const saved = valueIn(await readSavedMachine(directory));
        if (saved === null) throw existsSync(directory) ? damaged() : lost();
        await verify(directory, saved);
        const now = new Date();
        await utimes(factsPath(directory), now, now);
        return saved;
      }),
    remove: (id) =>
      lock.run(id, async () => {
        const directory = join(path, id);
        // Whoever removes it gives up what nobody can read.
        const facts = await readSavedFacts(directory).catch(damagedIfUnreadable);
        verified.delete(directory);
        await removeSavedMachine(directory);
        if (facts.kind === 'absent') return null;
        return facts.kind === 'damaged' ? [] : imagesOf(facts.value);
      }),
  };
}

/**
 * QEMU maps the memory for itself alone, and yet asks for the right to write to it. That right has a group which only those
 * VMMs are in that are restored from it.
 */
async function protect(directory: string, id: string): Promise<void> {
  const { memoryPath } = savedPaths(directory);
  const added = (await namesIn(directory)).filter(isAddedMemory).map((name) => join(directory, name));
  const identity = identityOf(id, []);
  if (identity === null) return;
  for (const path of [memoryPath, ...added]) {
    await chown(path, 0, identity.gid);
    await chmod(path, 0o660);
  }
}

async function summarise(saved: SavedMachine): Promise<SavedSummary> {
  const files = await Promise.all(filesOf(saved).map((path) => stat(path)));
  const { diskBytes, imageDigest, haltedMs, attachments } = saved.facts;
  const { vcpuCount, memoryMib } = grownSize(saved.facts, attachments);
  const sizeBytes = files.reduce((sum, { blocks }) => sum + blocks * 512, 0);
  return { vcpuCount, memoryMib, diskBytes, imageDigest, haltedMs, sizeBytes };
}

/** Whoever alters a file changes this, whatever else he sets. */
async function likenessOf(saved: SavedMachine): Promise<string> {
  const paths = [...filesOf(saved), ...(saved.linkKeyPath === null ? [] : [saved.linkKeyPath])];
  const files = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  return files.map(({ ino, size, ctimeNs }) => `${ino} ${size} ${ctimeNs}`).join('\n');
}

async function isUnaltered(thread: MemoryThread, { facts, ...paths }: SavedMachine): Promise<boolean> {
  return (
    (paths.linkKeyPath === null || (await thread.digestSparse(paths.linkKeyPath)) === facts.digests.linkKey) &&
    (await thread.digestSparse(paths.devicesPath)) === facts.digests.devices &&
    (await areUnaltered(thread, paths.addedMemoryPaths, facts.digests.added ?? {})) &&
    (await areUnaltered(thread, [...paths.extraDiskPaths.values()], facts.digests.extraDisks ?? {})) &&
    (facts.digests.disk === null || (await thread.digestSparse(paths.diskPath)) === facts.digests.disk) &&
    (await thread.digestSparse(paths.memoryPath)) === facts.digests.memory
  );
}

async function areUnaltered(
  thread: MemoryThread,
  paths: readonly string[],
  digests: Readonly<Record<string, string>>,
): Promise<boolean> {
  for (const path of paths) if ((await thread.digestSparse(path)) !== digests[basename(path)]) return false;
  return true;
}

function damaged(): VolaryError {
  return new VolaryError('data_loss', 'The snapshot is not what was saved: a file of it was changed or cut short.', {
    reason: 'snapshot.damaged',
  });
}

function lost(): VolaryError {
  return new VolaryError('data_loss', 'The snapshot is gone from the host.', { reason: 'snapshot.lost' });
}
