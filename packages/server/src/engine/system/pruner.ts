/**
 * Carries out a prune: what nothing needs is looked for and written down; each thing is looked up again, and removed. A server that
 * dies over it is followed by one that goes on with what was written down. Cancelling it ends it before the next thing.
 */
import { toVolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import { type OperationId, parseId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import { operationEvent } from '../operations/events.ts';
import { imageEvent } from '../operations/remove-image.ts';
import { toolEvent } from '../operations/remove-tool.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';
import { findPackUsers } from '../tools/pack-users.ts';
import { BUILD_LEFTOVERS, measureStorage } from './measure-storage.ts';
import { type PruneItem, readPruneResult, toPruneResult } from './prune-result.ts';
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
      try {
        await prune(deps, id, options);
      } catch (error) {
        // It was cancelled; or this server stops, and the next one goes on.
        if (isConflict(error) || options.signal.aborted) return;
        deps.log.error('a prune failed', { operationId: id, error });
        await fail(deps, id, error);
      }
    },
  };
}

async function prune(deps: PrunerDeps, id: OperationId, options: Stopping): Promise<void> {
  const { store, clock } = deps;
  const found = await store.operations.get(id);
  const asked = found === null ? null : readPruneResult(found.result);
  if (found === null || isFinal(found.state) || asked === null) return;
  await deps.builtIns.whenKnown();
  const now = clock.now();
  const events = found.state === 'pending' ? [operationEvent('operation.started', found, now)] : [];
  let operation = await write(deps, found, { state: 'running', startedAt: found.startedAt ?? now }, events);
  let items = asked.items ?? (await findUnneeded(deps, asked.kinds, options));
  const resultOf = () => toPruneResult({ ...asked, items });
  operation = await write(deps, operation, { result: resultOf() });
  for (const item of asked.isDryRun ? [] : items.filter(({ state }) => state === 'found')) {
    options.signal.throwIfAborted();
    const done = await removeItem(deps, item, options);
    items = items.map((each) => (each === item ? done.item : each));
    operation = await write(deps, operation, { result: resultOf() }, done.events);
  }
  const ended = { ...operation, state: 'succeeded', completedAt: clock.now(), result: resultOf() } as const;
  await write(deps, operation, ended, [operationEvent('operation.succeeded', ended, ended.completedAt)]);
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

async function write(
  { store, bus }: PrunerDeps,
  operation: Operation,
  change: Partial<Operation>,
  events: readonly NewEvent[] = [],
): Promise<Operation> {
  const next = { ...operation, ...change, revision: operation.revision + 1 };
  await store.transaction(async (tables) => {
    await tables.operations.update(next);
    if (events.length > 0) await tables.events.append(events);
  });
  bus.publish('operation', operation.id);
  if (events.length > 0) bus.publish('events', '');
  return next;
}

async function fail(deps: PrunerDeps, id: OperationId, error: unknown): Promise<void> {
  const operation = await deps.store.operations.get(id);
  if (operation === null || isFinal(operation.state)) return;
  const { code, reason, message, details } = toVolaryError(error);
  const completedAt = deps.clock.now();
  const failed = { ...operation, state: 'failed', completedAt, error: { code, reason, message, details } } as const;
  await write(deps, operation, failed, [operationEvent('operation.failed', failed, completedAt)]);
}
