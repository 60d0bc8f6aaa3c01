import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { OperationId } from '../../domain/ids.ts';
import type { Image } from '../../domain/image/image.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { EngineDeps } from '../deps.ts';
import { operationEvent } from '../operations/events.ts';
import { imageEvent } from '../operations/remove-image.ts';

type BuilderDeps = Pick<EngineDeps, 'store' | 'images' | 'bus' | 'clock' | 'log'>;

/** At most one write of progress in this time, milliseconds. */
const PROGRESS_MS = 250;

/** The builds of images that are operations. */
export interface ImageBuilds {
  /** Carries the build out, unless it is over. Never rejects because of what became of it: that is written to the operation. */
  run(id: OperationId, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends the build under way, since it was cancelled. Its image is not made, unless somebody else waits for it. */
  interrupt(id: OperationId): void;
}

export function createImageBuilds(deps: BuilderDeps): ImageBuilds {
  const underWay = new Map<OperationId, AbortController>();
  return {
    async run(id, { signal }) {
      const interrupted = new AbortController();
      underWay.set(id, interrupted);
      try {
        await runImageBuild(deps, id, { signal: AbortSignal.any([signal, interrupted.signal]) });
      } catch (error) {
        // Cancelled between two writes: it is final, and nothing is left to be written.
        if (!isConflict(error)) throw error;
      } finally {
        underWay.delete(id);
      }
    },
    interrupt: (id) =>
      underWay
        .get(id)
        ?.abort(new VolaryError('aborted', 'The build was cancelled.', { reason: 'operation.cancelled' })),
  };
}

function isConflict(error: unknown): boolean {
  return error instanceof VolaryError && error.reason === 'store.revision';
}

/**
 * Carries out an image's build. Building is idempotent by the recipe's digest, so a build that a former server began
 * is simply done again; when this server stops the operation stays as it is, and the next server goes on.
 */
async function runImageBuild(
  deps: BuilderDeps,
  id: OperationId,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const found = await deps.store.operations.get(id);
  if (found === null || isFinal(found.state) || found.subject.kind !== 'image') return;
  const { name } = found.subject;
  const recorder = createRecorder(deps, found);
  await recorder.write({ state: 'running', startedAt: found.startedAt ?? deps.clock.now() }, [
    ...(found.state === 'pending' ? [operationEvent('operation.started', found, deps.clock.now())] : []),
  ]);
  try {
    const image = await deps.images.ensure(name, {
      signal,
      onProgress: ({ step, fraction, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
    });
    await recorder.settle();
    await writeBuilt(recorder, deps, image);
  } catch (error) {
    await recorder.settle();
    if (signal.aborted || isConflict(error)) return;
    deps.log.error('building an image failed', { image: name, error });
    await writeUnbuilt(recorder, deps, error);
  }
}

async function writeBuilt(recorder: Recorder, deps: BuilderDeps, image: Image): Promise<void> {
  const now = deps.clock.now();
  const done = {
    state: 'succeeded',
    completedAt: now,
    progress: null,
    result: { name: image.name, digest: image.digest },
  } as const;
  await recorder.write(done, [
    imageEvent('image.built', image, now),
    operationEvent('operation.succeeded', { ...recorder.operation(), ...done }, now),
  ]);
}

async function writeUnbuilt(recorder: Recorder, deps: BuilderDeps, error: unknown): Promise<void> {
  const now = deps.clock.now();
  const { code, reason, message, details } = toVolaryError(error);
  const failed = {
    state: 'failed',
    completedAt: now,
    progress: null,
    error: { code, reason, message, details },
  } as const;
  await recorder.write(failed, [operationEvent('operation.failed', { ...recorder.operation(), ...failed }, now)]);
}

interface Recorder {
  operation(): Operation;
  write(change: Partial<Operation>, events: readonly NewEvent[]): Promise<void>;
  /** Notes how far it is; newest value wins, one write at a time. */
  report(progress: Operation['progress']): void;
  /** Resolves when no write is under way. */
  settle(): Promise<void>;
}

function createRecorder({ store, bus, clock, log }: BuilderDeps, found: Operation): Recorder {
  let operation = found;
  let writing: Promise<void> | null = null;
  let reportedAtMs = Number.NEGATIVE_INFINITY;

  async function write(change: Partial<Operation>, events: readonly NewEvent[]): Promise<void> {
    const next = { ...operation, ...change, revision: operation.revision + 1 };
    await store.transaction(async (tables) => {
      await tables.operations.update(next);
      if (events.length > 0) await tables.events.append(events);
    });
    operation = next;
    bus.publish('operation', operation.id);
    if (events.length > 0) bus.publish('events', '');
  }

  return {
    operation: () => operation,
    write,
    report(progress) {
      const nowMs = clock.monotonicMs();
      if (writing !== null || nowMs - reportedAtMs < PROGRESS_MS) return;
      reportedAtMs = nowMs;
      writing = write({ progress }, [])
        .catch((error: unknown) => {
          if (!isConflict(error)) log.warn('progress was not written', { operationId: operation.id, error });
        })
        .finally(() => {
          writing = null;
        });
    },
    async settle() {
      await writing;
    },
  };
}
