/**
 * Carries out a prune: what nothing needs is looked for and written down; each thing is looked up again, and removed. A server that
 * dies over it is followed by one that goes on with what was written down. Cancelling it ends it before the next thing.
 */
import { toVolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import { type OperationId, parseId } from '../../domain/ids.ts';
import { isFinal } from '../../domain/operation/operation.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import { imageEvent } from '../operations/remove-image.ts';
import { toolEvent } from '../operations/remove-tool.ts';
import { createOperationRecorder, type OperationRecorder } from '../reconcile/operation-recorder.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';
import { findPackUsers } from '../tools/pack-users.ts';
import { BUILD_LEFTOVERS, measureStorage } from './measure-storage.ts';
import { type PruneItem, type PruneResult, readPruneResult, toPruneResult } from './prune-result.ts';
import { currentImages, findContentUsers, findReferences, usersOfImage } from './references.ts';

type PrunerDeps = Pick<EngineDeps, 'store' | 'drivers' | 'driver' | 'images' | 'tools' | 'bus' | 'clock' | 'log'> & {
  readonly builtIns: Pick<BuiltInTemplates, 'whenKnown'>;
};

interface Stopping {
  readonly signal: AbortSignal;
}

export interface Pruner {
  /** Carries the operation out, unless it is over. */
  run(id: OperationId, options: Stopping): Promise<void>;
}

export function createPruner(deps: PrunerDeps): Pruner {
  return {
    async run(id, options) {
      const found = await deps.store.operations.get(id);
      const asked = found === null ? null : readPruneResult(found.result);
      if (found === null || isFinal(found.state) || asked === null) return;
      const recorder = createOperationRecorder(deps, found);
      try {
        await prune(deps, recorder, asked, options).catch(async (error: unknown) => {
          // This server stops, and the next one goes on.
          if (isConflict(error) || options.signal.aborted) throw error;
          deps.log.error('a prune failed', { operationId: id, error });
          await recorder.fail(error);
        });
      } catch (error) {
        // It was cancelled: it is final, and nothing is left to be written.
        if (!isConflict(error) && !options.signal.aborted) throw error;
      }
    },
  };
}

async function prune(
  deps: PrunerDeps,
  recorder: OperationRecorder,
  asked: PruneResult,
  options: Stopping,
): Promise<void> {
  await deps.builtIns.whenKnown();
  await recorder.begin();
  let items = asked.items ?? (await findUnneeded(deps, asked.kinds, options));
  const resultOf = () => toPruneResult({ ...asked, items });
  await recorder.keep(resultOf(), null);
  for (const item of asked.isDryRun ? [] : items.filter(({ state }) => state === 'found')) {
    options.signal.throwIfAborted();
    const done = await removeItem(deps, item, options);
    items = items.map((each) => (each === item ? done.item : each));
    await recorder.keep(resultOf(), null, done.events);
  }
  await recorder.succeed(resultOf());
}

async function findUnneeded(
  deps: PrunerDeps,
  kinds: readonly string[],
  options: Stopping,
): Promise<readonly PruneItem[]> {
  const things = (await measureStorage(deps, options)).filter(
    (each) => each.isReclaimable && kinds.includes(each.kind),
  );
  return things.map(({ kind, id, name, bytes }) => ({ kind, id, name, bytes, state: 'found', message: null }));
}

interface Removed {
  readonly item: PruneItem;
  readonly events: readonly NewEvent[];
}

/** Removes it, unless something needs it by now. What is gone already counts as removed: a former server did it. */
async function removeItem(deps: PrunerDeps, item: PruneItem, options: Stopping): Promise<Removed> {
  try {
    if (await isNeeded(deps, item))
      return { item: { ...item, state: 'kept', message: 'It is in use now.' }, events: [] };
    const events = await remove(deps, item, options);
    return { item: { ...item, state: 'removed' }, events };
  } catch (error) {
    options.signal.throwIfAborted();
    deps.log.warn('what nothing needs could not be removed', { kind: item.kind, id: item.id, error });
    return { item: { ...item, state: 'kept', message: toVolaryError(error).message }, events: [] };
  }
}

async function isNeeded(deps: PrunerDeps, { kind, id, name }: PruneItem): Promise<boolean> {
  const { store } = deps;
  switch (kind) {
    case 'images':
      return (
        (await currentImages(deps)).has(id) ||
        (await usersOfImage(store, id)).length > 0 ||
        (name !== null && (await findContentUsers(store)).has(name))
      );
    case 'disks':
      return (await findReferences(store)).byDisk.has(id);
    case 'snapshots':
      return (await findReferences(store)).bySnapshot.has(id);
    case 'warm_templates': {
      const template = (await deps.driver.warm?.list())?.find(({ key }) => key === id);
      return template !== undefined && (await currentImages(deps)).has(template.imageDigest);
    }
    case 'tools': {
      const packs = await deps.tools.list();
      return ((await findPackUsers(deps, packs)).get(id) ?? []).length > 0;
    }
    case 'volumes':
      return true;
    case 'leftovers':
      return false;
    default:
      return kind satisfies never;
  }
}

async function remove(
  deps: PrunerDeps,
  { kind, id, name, bytes }: PruneItem,
  options: Stopping,
): Promise<readonly NewEvent[]> {
  const { drivers, driver, images, clock } = deps;
  switch (kind) {
    case 'images': {
      await images.remove(id);
      return [imageEvent('image.removed', { name: name ?? id, digest: id, sizeBytes: bytes }, clock.now())];
    }
    case 'disks': {
      const vmId = parseId('vm', id);
      // Which of them had it nobody knows any more; where it is absent, that is fine.
      if (vmId !== null) for (const each of drivers.all) await each.deleteDisk(vmId, options);
      return [];
    }
    case 'snapshots': {
      const snapshotId = parseId('snap', id);
      if (snapshotId !== null) await driver.deleteSaved(snapshotId, options);
      return [];
    }
    case 'warm_templates':
      await driver.warm?.remove(id);
      return [];
    case 'tools': {
      const pack = (await deps.tools.list()).find(({ digest }) => digest === id);
      await deps.tools.remove(id);
      return pack === undefined ? [] : [toolEvent('tool.removed', pack, clock.now())];
    }
    case 'volumes':
      return [];
    case 'leftovers':
      if (id === BUILD_LEFTOVERS) await images.sweep({ isDryRun: false });
      else for (const { storage } of drivers.all) await storage.removeLeftover(id, options);
      return [];
    default:
      return kind satisfies never;
  }
}
