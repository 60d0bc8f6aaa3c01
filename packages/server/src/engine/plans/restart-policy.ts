import type { RestartPolicy } from '../../domain/vm/restarts.ts';
import type { MachineEnd } from '../../ports/driver.ts';

/** The first restart comes after this long, each later one after twice as long, up to the cap. Milliseconds. */
const FIRST_MS = 1_000;
export const LONGEST_BACKOFF_MS = 300_000;
/** A life that has lasted this long was a good one: counting begins again. Milliseconds. */
const LASTING_MS = 600_000;

/** A life that is over, or that could not be begun. */
export interface EndedLife {
  readonly policy: RestartPolicy;
  readonly cause: MachineEnd['cause'] | 'not-started';
  /** Restarts in a row before this one. */
  readonly count: number;
  /** How long its guest had been there; null when it never answered. Milliseconds. */
  readonly livedMs: number | null;
}

export interface NextRestart {
  readonly count: number;
  readonly delayMs: number;
}

/** The restart that the policy asks for, or null where it leaves the VM as it is. */
export function decideRestart({ policy, cause, count, livedMs }: EndedLife): NextRestart | null {
  if (policy === 'never' || (policy === 'on-failure' && cause === 'powered-off')) return null;
  const before = livedMs !== null && livedMs >= LASTING_MS ? 0 : count;
  return { count: before + 1, delayMs: Math.min(LONGEST_BACKOFF_MS, FIRST_MS * 2 ** before) };
}
