import { VolaryError } from '../../domain/errors.ts';
import type { OperationProgress } from '../../domain/operation/operation.ts';
import type { EngineDeps } from '../deps.ts';
import { type Work, writeProgress } from './vm-writer.ts';

/** At most one write in this time, milliseconds: progress is for people. */
const INTERVAL_MS = 250;

/**
 * Writes a step's progress to its operation, the newest value at a time and never two writes at once. `finish` waits
 * for the last one and gives the work as it is then. A write that fails is left out: the step's end is written anyway,
 * and meets the same fault if it lasts.
 */
export function createProgressWriter(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'>,
  begun: Work,
): { readonly report: (progress: OperationProgress) => void; readonly finish: () => Promise<Work> } {
  let work = begun;
  let writing: Promise<void> | null = null;
  let writtenAtMs = Number.NEGATIVE_INFINITY;

  async function store(progress: OperationProgress): Promise<void> {
    try {
      work = await writeProgress(deps, work, progress);
    } catch (error) {
      const isExpected = error instanceof VolaryError && error.code === 'conflict';
      if (!isExpected) deps.log.warn('progress was not written', { operationId: work.operation?.id, error });
    } finally {
      writing = null;
    }
  }

  return {
    report(progress) {
      const nowMs = deps.clock.monotonicMs();
      if (writing !== null || work.operation === null || nowMs - writtenAtMs < INTERVAL_MS) return;
      writtenAtMs = nowMs;
      writing = store(progress);
    },
    async finish() {
      await writing;
      return work;
    },
  };
}
