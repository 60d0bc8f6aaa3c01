import type { EpochMs } from '../../../domain/time.ts';

/** A moment on the wire: ISO 8601 in UTC. */
export function toIso(at: EpochMs): string {
  return new Date(at).toISOString();
}

export function toIsoOrNull(at: EpochMs | null): string | null {
  return at === null ? null : toIso(at);
}
