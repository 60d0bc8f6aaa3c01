import { VolaryError } from '../errors.ts';
import type { AlertSettings } from './alert.ts';

/** A threshold of a VM's own: percent, or none at all. Null: as the server has it. */
export type OwnThreshold = number | 'off' | null;

/** What of the settings of alerts is a VM's own. How long a figure has to be so, and how far it has to fall, is the same for all. */
export interface VmAlerts {
  readonly cpuPercent: OwnThreshold;
  readonly memoryPercent: OwnThreshold;
  readonly diskPercent: OwnThreshold;
  readonly health: 'on' | 'off' | null;
}

/** All as the server has it. */
export const SERVERS_ALERTS: VmAlerts = { cpuPercent: null, memoryPercent: null, diskPercent: null, health: null };

/** Inclusive. */
export const ALERT_PERCENT = { minimum: 1, maximum: 100 } as const;

/** In the words of the API. */
export function alertWords({ cpuPercent, memoryPercent, diskPercent, health }: VmAlerts) {
  return { cpu_percent: cpuPercent, memory_percent: memoryPercent, disk_percent: diskPercent, health };
}

/** Throws `invalid_argument` vm.out_of_range, naming the field. */
export function checkVmAlerts({ health: _isOneOf, ...thresholds }: VmAlerts): void {
  const { cpu_percent, memory_percent, disk_percent } = alertWords({ ...thresholds, health: null });
  for (const [name, value] of Object.entries({ cpu_percent, memory_percent, disk_percent })) {
    if (typeof value !== 'number' || isPercent(value)) continue;
    const field = `alerts.${name}`;
    const { minimum, maximum } = ALERT_PERCENT;
    throw new VolaryError(
      'invalid_argument',
      `${field} must be a whole number from ${minimum} to ${maximum}, or off.`,
      {
        reason: 'vm.out_of_range',
        details: { field, minimum, maximum, actual: value },
      },
    );
  }
}

function isPercent(value: number): boolean {
  return Number.isInteger(value) && value >= ALERT_PERCENT.minimum && value <= ALERT_PERCENT.maximum;
}

/** The settings that hold for a VM. */
export function settingsFor(settings: AlertSettings, own: VmAlerts): AlertSettings {
  const { isHealthWatched } = settings;
  return {
    ...settings,
    cpuPercent: thresholdOf(own.cpuPercent, settings.cpuPercent),
    memoryPercent: thresholdOf(own.memoryPercent, settings.memoryPercent),
    diskPercent: thresholdOf(own.diskPercent, settings.diskPercent),
    isHealthWatched: own.health === null ? isHealthWatched : own.health === 'on',
  };
}

function thresholdOf(own: OwnThreshold, servers: number | null): number | null {
  if (own === null) return servers;
  return own === 'off' ? null : own;
}
