/**
 * Brings each volume to where it is to be: complete, or gone. What is done is idempotent by the volume's id, so that a server which dies
 * over it is followed by one that does it again or finds it done: there is a row before there is a file, and the row goes last. One volume is worked on by one loop at a
 * time (the queue sees to that). One that a disk of a VM becomes is made by the deletion of that VM, in its turn.
 */
import { isRetryable, toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { VolumeId } from '../../domain/ids.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { VolumeContent } from '../../ports/driver-volumes.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { attemptsOf } from '../reconcile/operation-steps.ts';
import { withTimeout } from '../with-timeout.ts';
import { volumesOf } from './driver-of-volume.ts';
import * as writer from './volume-writer.ts';

type KeeperDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'ids' | 'queue' | 'drivers' | 'images' | 'log'> & {
  readonly config: EngineConfig;
};

export interface VolumeKeeper {
  /** Works on the volume until nothing more is to be done. */
  run(id: VolumeId, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends the work under way on it, since something else is wanted now. */
  interrupt(id: VolumeId): void;
}

const MAKE = 'make-volume';
const REMOVE = 'remove-volume';
/** Times it is tried to be made, when the fault may pass by itself. */
const MAX_ATTEMPTS = 3;
/** Back-off of a step that is carried out again, milliseconds: doubled each time, up to the cap, with full jitter. */
const BACKOFF = { firstMs: 200, capMs: 15_000 } as const;

export function createVolumeKeeper(deps: KeeperDeps): VolumeKeeper {
  const underWay = new Map<VolumeId, AbortController>();

  async function run(id: VolumeId, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    for (let isDone = false; !isDone && !signal.aborted; ) {
      const turn = new AbortController();
      underWay.set(id, turn);
      try {
        isDone = await takeTurn(deps, id, AbortSignal.any([signal, turn.signal]));
      } catch (error) {
        if (!isConflict(error) && !turn.signal.aborted && !signal.aborted) throw error;
      } finally {
        underWay.delete(id);
      }
    }
  }

  return {
    run,
    interrupt: (id) =>
      underWay
        .get(id)
        ?.abort(new VolaryError('aborted', 'Something else is wanted now.', { reason: 'operation.superseded' })),
  };
}

/** True when there is nothing more to be done now. */
async function takeTurn(deps: KeeperDeps, id: VolumeId, signal: AbortSignal): Promise<boolean> {
  const volume = await deps.store.volumes.get(id);
  if (volume === null) return true;
  const operation = volume.operationId === null ? null : await deps.store.operations.get(volume.operationId);
  const work = { volume, operation };
  if (volume.state === 'deleting') return await remove(deps, work, signal);
  if (volume.state !== 'creating') return true;
  const { origin } = volume;
  // Should that be over, it either has been made, or never will be.
  if (origin.kind === 'vm' && (await deps.store.vms.get(origin.id)) !== null) return true;
  return await make(deps, work, signal);
}

async function make(deps: KeeperDeps, before: writer.VolumeWork, signal: AbortSignal): Promise<boolean> {
  const { clock, log, config, drivers } = deps;
  const work = await writer.writeBegin(deps, before, MAKE);
  const { id, sizeGib, name } = work.volume;
  try {
    await withTimeout(clock, config.limits.operationMs, signal, async (limited) => {
      const content = await contentOf(deps, work.volume, limited);
      await volumesOf(drivers, work.volume).create({ id, sizeGib, content }, { signal: limited });
    });
    await writer.writeReady(deps, work);
    log.info('a volume was made', { volumeId: id, name });
  } catch (error) {
    if (isConflict(error) || signal.aborted) throw error;
    log.warn('a volume could not be made', { volumeId: id, error });
    const fault = toVolaryError(error);
    const attempt = attemptsOf(work.operation?.steps ?? [], MAKE);
    if (isRetryable(fault.code) && fault.code !== 'resource_exhausted' && attempt < MAX_ATTEMPTS) {
      await writer.writeRetry(deps, work, fault);
      retryLater(deps, id, attempt);
      return true;
    }
    await volumesOf(drivers, work.volume).remove(id, { signal });
    await writer.writeFailed(deps, work, fault);
  }
  return true;
}

/** What it begins with, had here. */
async function contentOf({ images }: KeeperDeps, { origin }: Volume, signal: AbortSignal): Promise<VolumeContent> {
  // Nobody follows how far it is: the volume is one step.
  const options = { signal, onProgress: () => undefined };
  switch (origin.kind) {
    case 'empty':
      return { kind: 'empty' };
    case 'content':
      return { kind: 'image', image: await images.ensureContent(origin.content, options) };
    case 'image':
      return { kind: 'image', image: await images.ensure(origin.image, options) };
    case 'volume':
      return { kind: 'volume', id: origin.id };
    case 'vm':
      return { kind: 'vm', vmId: origin.id, disk: origin.disk };
    default:
      return origin satisfies never;
  }
}

async function remove(deps: KeeperDeps, before: writer.VolumeWork, signal: AbortSignal): Promise<boolean> {
  const work = await writer.writeBegin(deps, before, REMOVE);
  const { id } = work.volume;
  try {
    await volumesOf(deps.drivers, work.volume).remove(id, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    deps.log.error('cleaning up failed; it will be tried again', { volumeId: id, error });
    await writer.writeRetry(deps, work, toVolaryError(error));
    retryLater(deps, id, attemptsOf(work.operation?.steps ?? [], REMOVE));
    return true;
  }
  await writer.writeGone(deps, work);
  return true;
}

function retryLater({ queue, ids }: KeeperDeps, id: VolumeId, attempt: number): void {
  const delayMs = Math.ceil(ids.random() * Math.min(BACKOFF.capMs, BACKOFF.firstMs * 2 ** attempt));
  queue.enqueue(`volume:${id}`, { delayMs });
}

function isConflict(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'store.revision';
}
