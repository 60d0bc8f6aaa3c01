import { getPriority, setPriority } from 'node:os';

/** With this a thread has a third of the processor's time that another one has, where both want it (sched(7)). */
const NICER = 5;
const NICEST = 19;

/** Work of this thread goes behind that of the one that answers requests. On Linux a priority is a thread's own, and this one's is what `0` means. */
export function workInBackground(): void {
  setPriority(0, Math.min(NICEST, getPriority(0) + NICER));
}
