import type { EpochMs } from '../time.ts';
import type { SlotBackoff } from './deployment.ts';

/** Waits before a replica that failed is replaced, milliseconds: none after the first time, then doubled each time up to the longest. */
export const SLOT_BACKOFF = { firstMs: 1_000, longestMs: 300_000, keptWellMs: 60_000 } as const;

/** So many failures in a row are a crash loop. */
const CRASH_LOOP_FAILURES = 3;

/** After one more failure of the replica with this number; one that had kept well for a minute begins anew. */
export function backOff(
  before: SlotBackoff | undefined,
  failed: { readonly index: number; readonly availableMs: number; readonly message: string },
  now: EpochMs,
): SlotBackoff {
  const earlier = failed.availableMs >= SLOT_BACKOFF.keptWellMs ? 0 : (before?.failures ?? 0);
  const failures = earlier + 1;
  return { index: failed.index, failures, retryAt: now + waitAfter(failures), message: failed.message };
}

export function waitAfter(failures: number): number {
  const { firstMs, longestMs } = SLOT_BACKOFF;
  return failures <= 1 ? 0 : Math.min(longestMs, firstMs * 2 ** Math.min(30, failures - 2));
}

export function isCrashLooping({ failures }: SlotBackoff): boolean {
  return failures >= CRASH_LOOP_FAILURES;
}
