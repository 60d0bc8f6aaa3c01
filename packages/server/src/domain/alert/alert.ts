import type { AlertId, VmId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** What is watched of a VM. Of the first three the figure is a percentage. */
export const ALERT_KINDS = ['cpu', 'memory', 'disk', 'health'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_STATES = ['firing', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/**
 * Something is wrong with a VM, or was.
 *
 *   firing --> resolved (final)
 *
 * A VM has at most one of each kind that fires.
 */
export interface Alert {
  readonly id: AlertId;
  readonly kind: AlertKind;
  readonly vmId: VmId;
  /** As it was called then. */
  readonly vmName: string;
  /** Name of the user whose VM it is. */
  readonly owner: string;
  readonly state: AlertState;
  /** From which on it fires, percent; null of health. */
  readonly threshold: number | null;
  /** What it was when it fired, percent; null of health. */
  readonly value: number | null;
  /** For people: a sentence. */
  readonly message: string;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
}

/** From which figures on alerts fire, and for how long, unless a VM has thresholds of its own. Null: none of that kind do. */
export interface AlertSettings {
  readonly cpuPercent: number | null;
  readonly memoryPercent: number | null;
  readonly diskPercent: number | null;
  /** Whether one fires for a VM that is unhealthy, or whose agent does not answer. */
  readonly isHealthWatched: boolean;
  /** How far below its threshold a figure is when the alert is resolved, percentage points: at most half of the threshold. */
  readonly marginPercent: number;
  /** How long a figure has to be so, both ways, milliseconds; and health. */
  readonly forMs: number;
  readonly healthForMs: number;
}

export const ALERT_DEFAULTS: AlertSettings = {
  cpuPercent: 90,
  memoryPercent: 90,
  diskPercent: 90,
  isHealthWatched: true,
  marginPercent: 10,
  forMs: 300_000,
  healthForMs: 60_000,
};
