/** How often SYNC is repeated: at first each 20 ms, since a booting agent is to be met at once, later each 250 ms. */
const EAGER_MS = 20;
const EAGER_FOR_MS = 1000;
const PATIENT_MS = 250;
const LONGEST_MS = 4000;

/**
 * How long to wait for the ECHO of the SYNC just sent, milliseconds. `waitedMs`: since the first one. `lateEchoes`: how
 * many answers to earlier SYNCs have come: the agent is there, but slower than our patience, and each repetition makes
 * the answer that is under way worthless. So patience doubles with each of them.
 */
export function syncPatienceMs(waitedMs: number, lateEchoes: number): number {
  const base = waitedMs < EAGER_FOR_MS ? EAGER_MS : PATIENT_MS;
  return Math.min(LONGEST_MS, base * 2 ** Math.min(lateEchoes, 16));
}

/** How long to wait for the answer to HELLO, when it has failed to come `tries` times in a row, milliseconds. */
export function helloPatienceMs(tries: number): number {
  return 1000 * 2 ** Math.min(tries, 4);
}

/** A session that was open this long before the guest broke it counts as a good one, milliseconds. */
export const GOOD_SESSION_MS = 10_000;

/** How long to wait before trying again with a guest that broke the protocol `faults` times in a row, milliseconds. */
export function faultPauseMs(faults: number): number {
  return faults <= 1 ? 0 : Math.min(1000, EAGER_MS * 2 ** Math.min(faults - 2, 16));
}
