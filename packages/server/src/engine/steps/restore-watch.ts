import type { EngineDeps } from '../deps.ts';

/** What a machine goes on from in place of a boot: the values of the label `from`. */
type RestoredFrom = 'spare' | 'warm-template' | 'snapshot' | 'fork' | 'suspension';

/**
 * Measures how long a machine that has not to boot takes from its start to the first answer of its agent, which may be waited for by another
 * step than the one that starts it. It is of one run of the reconciler: what the next run finishes is not measured.
 */
export interface RestoreWatch {
  /** The machine of this life is about to be started; null: by a boot. A start that is taken up again goes on counting. */
  begin(from: RestoredFrom | null, incarnation: number): void;
  /** Its agent has answered. */
  answered(): void;
}

export function createRestoreWatch({ clock, measures }: Pick<EngineDeps, 'clock' | 'measures'>): RestoreWatch {
  let begun: { readonly from: RestoredFrom; readonly incarnation: number; readonly startedMs: number } | null = null;
  return {
    begin(from, incarnation) {
      if (from !== null && begun?.from === from && begun.incarnation === incarnation) return;
      begun = from === null ? null : { from, incarnation, startedMs: clock.monotonicMs() };
    },
    answered() {
      if (begun === null) return;
      measures.restores.observe({ from: begun.from }, (clock.monotonicMs() - begun.startedMs) / 1_000);
      begun = null;
    },
  };
}
