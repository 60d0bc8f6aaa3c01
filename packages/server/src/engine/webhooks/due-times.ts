import type { EpochMs } from '../../domain/time.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { Clock } from '../../ports/clock.ts';

/** More than ever wait at once for one webhook by itself: past that, forgetting costs a wait that begins anew. */
const MOST = 2_000;

/** When deliveries are due by the monotonic clock: a wall clock that jumps neither hastens nor holds back one that is known. */
export interface DueTimes {
  /** What is left until its next try, milliseconds; at most `longestMs`, also of a moment that a wrong clock had written down. */
  leftMs(delivery: Delivery): number;
}

export function createDueTimes(clock: Clock, { longestMs }: { readonly longestMs: number }): DueTimes {
  const known = new Map<string, { readonly nextTryAt: EpochMs | null; readonly dueMs: number }>();
  return {
    leftMs(delivery) {
      const { id, nextTryAt } = delivery;
      const nowMs = clock.monotonicMs();
      const before = known.get(id);
      if (before !== undefined && before.nextTryAt === nextTryAt) return Math.max(0, before.dueMs - nowMs);
      const leftMs = Math.min(longestMs, Math.max(0, (nextTryAt ?? 0) - clock.now()));
      if (known.size >= MOST) known.clear();
      known.set(id, { nextTryAt, dueMs: nowMs + leftMs });
      return leftMs;
    },
  };
}
