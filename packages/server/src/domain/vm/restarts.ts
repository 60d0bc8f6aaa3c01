import type { EpochMs } from '../time.ts';

/**
 * What follows when a machine ends without having been asked to.
 *
 * always      it is started again, also when the guest has powered itself off
 * on-failure  it is started again when the guest has crashed or its VMM is gone; a guest that powered off stays stopped
 * never       it stays as it is: `stopped` or `failed`
 *
 * A stop that was asked for is always heeded, and a reboot from inside is always followed by the next life.
 */
export const RESTART_POLICIES = ['always', 'on-failure', 'never'] as const;
export type RestartPolicy = (typeof RESTART_POLICIES)[number];

/** The restarts that the policy has brought about, one after another. */
export interface Restarts {
  /** In a row, since somebody last asked for something or a life lasted; the back-off grows with it. */
  readonly count: number;
  /** When the next one is due; null when none is. */
  readonly at: EpochMs | null;
}

export const NO_RESTARTS: Restarts = { count: 0, at: null };
