import { VolaryError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GuestLink, GuestStats } from '../../ports/guest-link.ts';
import { withTimeout } from '../with-timeout.ts';

/** How long a guest may take to answer, milliseconds. */
export const ANSWER_MS = 2_000;

/** Asks a guest what it uses. Throws `deadline_exceeded` guest.silent for one that does not answer in time, and what the link throws. */
export function askStats(clock: Clock, link: Pick<GuestLink, 'stats'>, signal: AbortSignal): Promise<GuestStats> {
  return withTimeout(clock, ANSWER_MS, signal, (within) => link.stats({ signal: within }), notInTime);
}

function notInTime(): VolaryError {
  return new VolaryError('deadline_exceeded', 'The guest did not tell in time what it uses.', {
    reason: 'guest.silent',
  });
}
