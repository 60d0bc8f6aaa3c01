import { VolaryError } from '../errors.ts';

/**
 * A VM is idle when, for so many seconds on end, no command of ours runs in it, nobody reads or writes its files or follows its console, its
 * processors take less than so much, and no byte passes its network device, where that is measured.
 */
export interface AutoSuspend {
  readonly idleSeconds: number;
  /** Of one processor of the host: the whole VMM's time, so that a VM with four busy ones has 400. */
  readonly cpuBelowPercent: number;
}

/** Inclusive bounds. What is shorter would suspend a VM between two commands of a person. */
export const AUTO_SUSPEND_LIMITS = {
  idleSeconds: { minimum: 10, maximum: 2_592_000 },
  cpuBelowPercent: { minimum: 0.1, maximum: 6_400 },
} as const;

/** Of one host processor. An idle guest takes a fraction of it, also under emulation. */
export const DEFAULT_CPU_BELOW_PERCENT = 5;

/** Throws `invalid_argument` vm.out_of_range, naming the field. */
export function checkAutoSuspend({ idleSeconds, cpuBelowPercent }: AutoSuspend): void {
  const { idleSeconds: seconds, cpuBelowPercent: percent } = AUTO_SUSPEND_LIMITS;
  if (!Number.isInteger(idleSeconds) || idleSeconds < seconds.minimum || idleSeconds > seconds.maximum)
    throw outOfRange('auto_suspend.idle_seconds', idleSeconds, seconds);
  if (!(cpuBelowPercent >= percent.minimum && cpuBelowPercent <= percent.maximum))
    throw outOfRange('auto_suspend.cpu_below_percent', cpuBelowPercent, percent);
}

function outOfRange(
  field: string,
  actual: number,
  range: { readonly minimum: number; readonly maximum: number },
): VolaryError {
  return new VolaryError('invalid_argument', `${field} must be from ${range.minimum} to ${range.maximum}.`, {
    reason: 'vm.out_of_range',
    details: { field, ...range, actual },
  });
}
