import { VolaryError } from '../../domain/errors.ts';
import type { OperationId } from '../../domain/ids.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import { asPartOf } from '../tracing/traced.ts';
import { createOperationRecorder, type OperationRecorder } from './operation-recorder.ts';

/** Operations that build something which is there or not, and can be built again. */
export interface Builds {
  /** Carries the build out, unless it is over. Never rejects because of what became of it: that is written to the operation. */
  run(id: OperationId, options: Abortable): Promise<void>;
  /** Ends the build under way, since it was cancelled. What it makes is not made, unless somebody else waits for it. */
  interrupt(id: OperationId): void;
}

/** Those of each kind of subject that is built. */
export type BuildsByKind = Readonly<Record<'image' | 'tool' | 'warm_template' | 'template', Builds>>;

/**
 * `build` does the work and records its end; what it throws is recorded as its failure. Whatever it builds it finds when it is there already, so that a
 * build which a former server began is simply done again; when this server stops the operation stays as it is, and the next server goes on.
 */
export function createBuilds(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log' | 'tracer'>,
  build: (operation: Operation, recorder: OperationRecorder, options: Abortable) => Promise<void>,
): Builds {
  const underWay = new Map<OperationId, AbortController>();

  async function carryOut(id: OperationId, options: Abortable): Promise<void> {
    const found = await deps.store.operations.get(id);
    if (found === null || isFinal(found.state)) return;
    const recorder = createOperationRecorder(deps, found);
    await recorder.begin();
    try {
      await asPartOf(deps.tracer, found, () => build(found, recorder, options));
    } catch (error) {
      if (options.signal.aborted || isConflict(error)) return;
      deps.log.error('a build failed', { kind: found.kind, subject: found.subject.name, error });
      await recorder.fail(error);
    }
  }

  return {
    async run(id, { signal }) {
      const interrupted = new AbortController();
      underWay.set(id, interrupted);
      try {
        await carryOut(id, { signal: AbortSignal.any([signal, interrupted.signal]) });
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
