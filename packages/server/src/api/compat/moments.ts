import type { EpochMs } from '../../domain/time.ts';

/** As the documents of the dialects write moments: ISO 8601 in UTC, to the second. */
export function toMoment(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

export function toMomentOrNull(at: EpochMs | null): string | null {
  return at === null ? null : toMoment(at);
}
