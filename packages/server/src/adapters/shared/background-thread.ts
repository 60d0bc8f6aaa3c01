import { getPriority, setPriority } from 'node:os';

/**
 * With this a thread has four fifths of the processor's time that another one has, where both want it (sched(7)). With
 * a third of it, whoever follows the log waits longer, and requests do as well: what comes late comes in larger pieces.
 */
const NICER = 1;
const NICEST = 19;

/** Work of this thread goes behind that of the one that answers requests. On Linux a priority is a thread's own, and this one's is what `0` means. */
export function workInBackground(): void {
  setPriority(0, Math.min(NICEST, getPriority(0) + NICER));
}
