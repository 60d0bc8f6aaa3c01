import type { VmHealth } from '../vm/vm.ts';
import type { HealthCheck } from './health-check.ts';

/**
 * What the checks of one life of a VM have come to.
 *
 *   starting --> healthy <--> unhealthy
 *       +----------------------^
 */
export interface HealthState {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** In a row. */
  readonly successes: number;
  readonly failures: number;
}

export const UNTRIED: HealthState = { status: 'starting', successes: 0, failures: 0 };

/** Where a new watch over a VM goes on: earlier checks have decided that it is healthy or unhealthy, or nothing is known of it. */
export function resumedFrom(health: VmHealth): HealthState {
  return health === 'healthy' || health === 'unhealthy' ? { ...UNTRIED, status: health } : UNTRIED;
}

/** What follows from one more check. A failure within the start period does not count as long as nothing has succeeded. */
export function afterCheck(
  { healthyThreshold, unhealthyThreshold, startPeriodMs }: HealthCheck,
  { status, successes, failures }: HealthState,
  { isGood, sinceStartMs }: { readonly isGood: boolean; readonly sinceStartMs: number },
): HealthState {
  if (isGood) {
    const now = { successes: successes + 1, failures: 0 };
    return { ...now, status: now.successes >= healthyThreshold ? 'healthy' : status };
  }
  if (status === 'starting' && sinceStartMs < startPeriodMs) return { status, successes: 0, failures: 0 };
  const now = { successes: 0, failures: failures + 1 };
  return { ...now, status: now.failures >= unhealthyThreshold ? 'unhealthy' : status };
}
