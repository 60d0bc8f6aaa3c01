import type { AlertKind, AlertSettings } from './alert.ts';

/** Fires at `fireAt` or above, is resolved below `resolveBelow`, which is not more: in between all stays as it is. */
export interface AlertRule {
  readonly fireAt: number;
  readonly resolveBelow: number;
  /** How long a figure has to be so, milliseconds. */
  readonly forMs: number;
}

/** What the figures of one VM have come to. */
export interface AlertProgress {
  readonly isFiring: boolean;
  /** Since when each figure has called for a change, by a clock that nobody sets, milliseconds; null: the last did not. */
  readonly sinceMs: number | null;
}

export const QUIET: AlertProgress = { isFiring: false, sinceMs: null };
export const FIRING: AlertProgress = { isFiring: true, sinceMs: null };

/**
 * What follows from one more figure. Null: it was not measured; then what was so before does not count, since nobody knows what it was
 * meanwhile, and nothing changes.
 */
export function afterFigure(
  { fireAt, resolveBelow, forMs }: AlertRule,
  { isFiring, sinceMs }: AlertProgress,
  { value, atMs }: { readonly value: number | null; readonly atMs: number },
): AlertProgress {
  const callsForChange = value !== null && (isFiring ? value < resolveBelow : value >= fireAt);
  if (!callsForChange) return { isFiring, sinceMs: null };
  const beganMs = sinceMs ?? atMs;
  return atMs - beganMs >= forMs ? { isFiring: !isFiring, sinceMs: null } : { isFiring, sinceMs: beganMs };
}

/** Null: none of this kind fires. Health is 1 where something is wrong, else 0. */
export function ruleOf(kind: AlertKind, settings: AlertSettings): AlertRule | null {
  if (kind === 'health')
    return settings.isHealthWatched ? { fireAt: 1, resolveBelow: 1, forMs: settings.healthForMs } : null;
  const fireAt = { cpu: settings.cpuPercent, memory: settings.memoryPercent, disk: settings.diskPercent }[kind];
  if (fireAt === null) return null;
  // A VM's own threshold may be below the margin, and what fires by it is to be resolved some day.
  return { fireAt, resolveBelow: fireAt - Math.min(settings.marginPercent, fireAt / 2), forMs: settings.forMs };
}
