import type { VmId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';

/** What is left of each VM's present span of time, by the monotonic clock: a wall clock that jumps shortens nothing. */
export interface Deadlines {
  /**
   * Milliseconds left of the span that `name` names, at least 0. The first call with a new name begins it with
   * `totalMs`; a VM has one span at a time, so that this also ends the one before.
   */
  leftMs(vmId: VmId, name: string, totalMs: number): number;
  /** Nothing is waited for on this VM any more. */
  forget(vmId: VmId): void;
}

export function createDeadlines(clock: Pick<Clock, 'monotonicMs'>): Deadlines {
  const spans = new Map<VmId, { readonly name: string; readonly endMs: number }>();
  return {
    leftMs(vmId, name, totalMs) {
      const now = clock.monotonicMs();
      const known = spans.get(vmId);
      const span = known?.name === name ? known : { name, endMs: now + totalMs };
      spans.set(vmId, span);
      return Math.max(0, span.endMs - now);
    },
    forget: (vmId) => void spans.delete(vmId),
  };
}
