import type { VmPhase } from '@volary/contract';

/**
 * The phases of a VM, for options. Kept here and checked by the compiler against the contract, whose module would bring
 * all schemas with it: that costs more than all else at the start of a command.
 */
const RANKS: Readonly<Record<VmPhase, number>> = {
  pending: 0,
  provisioning: 1,
  starting: 2,
  running: 3,
  pausing: 4,
  paused: 5,
  suspending: 6,
  suspended: 7,
  resuming: 8,
  stopping: 9,
  stopped: 10,
  restarting: 11,
  updating: 12,
  migrating: 13,
  deleting: 14,
  failed: 15,
  unknown: 16,
};

export const PHASES: readonly string[] = Object.keys(RANKS);

/** True if this is the name of a phase. */
export function isPhase(text: string): text is VmPhase {
  return Object.hasOwn(RANKS, text);
}
