/** VMs that a timer looks at in a second at most, on the average. */
const LOOKS_PER_SECOND = 100;

/**
 * How long it is until a timer looks at all VMs again: as it was set, and longer where there are so many that it would cost too much. What changes
 * is told by hints, at once; the timers are for hints that were lost.
 */
export function paced(intervalMs: number, vmCount: number): number {
  return Math.max(intervalMs, (vmCount * 1_000) / LOOKS_PER_SECOND);
}
