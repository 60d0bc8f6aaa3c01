/**
 * Makes spares one at a time, and can be told that the one that is being made is of no use any more: then nothing is left of it.
 */
import type { VmId } from '../../domain/ids.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { DiskSpec, WarmTemplates } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';

/** A machine that waits for its VM. */
export interface Spare {
  readonly vmId: VmId;
  readonly spec: VmSpec;
  readonly imageDigest: string;
  /** The template it was restored from. */
  readonly key: string;
}

/** The machine of a spare that is to be made, and the template it is to be made from. */
export interface SparePlan {
  readonly machine: Omit<DiskSpec, 'name' | 'labels' | 'from'>;
  readonly key: string;
}

export interface SpareMaker {
  /** Null: it was given up meanwhile. Throws as `WarmTemplates.startSpare`, and the signal's reason. */
  make(plan: SparePlan, options: Abortable): Promise<Spare | null>;
  /** Gives up the one that is being made, if it is one of these; resolves with how many that was when nothing is left of it. */
  giveUp(isOne: (spare: Spare) => boolean): Promise<number>;
}

/** `end` ends a spare that is complete. */
export function createSpareMaker(
  templates: Pick<WarmTemplates, 'startSpare'>,
  end: (spare: Spare) => Promise<void>,
): SpareMaker {
  let current: { readonly spare: Spare; readonly stop: AbortController; readonly over: Promise<void> } | null = null;

  return {
    async make({ machine, key }, { signal }) {
      const { vmId, spec, image } = machine;
      const spare: Spare = { vmId, spec, imageDigest: image.digest, key };
      const stop = new AbortController();
      const { promise: over, resolve } = Promise.withResolvers<void>();
      current = { spare, stop, over };
      try {
        await templates.startSpare(machine, { key, signal: AbortSignal.any([signal, stop.signal]) });
        if (!stop.signal.aborted) return spare;
        await end(spare);
        return null;
      } catch (error) {
        signal.throwIfAborted();
        if (stop.signal.aborted) return null;
        throw error;
      } finally {
        current = null;
        resolve();
      }
    },
    async giveUp(isOne) {
      const making = current;
      if (making === null || !isOne(making.spare)) return 0;
      making.stop.abort(new DOMException('it is of no use any more', 'AbortError'));
      await making.over;
      return 1;
    },
  };
}
