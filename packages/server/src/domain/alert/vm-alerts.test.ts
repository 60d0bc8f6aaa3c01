import { describe, expect, it } from 'vitest';
import { ALERT_DEFAULTS } from './alert.ts';
import { ruleOf } from './decide-alert.ts';
import { checkVmAlerts, SERVERS_ALERTS, settingsFor, type VmAlerts } from './vm-alerts.ts';

const own = (alerts: Partial<VmAlerts>): VmAlerts => ({ ...SERVERS_ALERTS, ...alerts });

describe('thresholds of a VM', () => {
  it('take the place of those of the server, each by itself', () => {
    const server = { ...ALERT_DEFAULTS, diskPercent: null };

    expect(settingsFor(server, SERVERS_ALERTS)).toEqual(server);
    expect(settingsFor(server, own({ cpuPercent: 50, memoryPercent: 'off', diskPercent: 70, health: 'off' }))).toEqual({
      ...server,
      ...{ cpuPercent: 50, memoryPercent: null, diskPercent: 70, isHealthWatched: false },
    });
    expect(settingsFor({ ...server, isHealthWatched: false }, own({ health: 'on' })).isHealthWatched).toBe(true);
  });

  it('can be below the margin of the server, and what fires by them can be resolved all the same', () => {
    const settings = settingsFor({ ...ALERT_DEFAULTS, marginPercent: 30 }, own({ cpuPercent: 20, diskPercent: 80 }));

    expect(ruleOf('cpu', settings)).toMatchObject({ fireAt: 20, resolveBelow: 10 });
    expect(ruleOf('disk', settings)).toMatchObject({ fireAt: 80, resolveBelow: 50 });
  });

  it.each([0, 101, 50.5, Number.NaN])('are percent: %d is none', (memoryPercent) => {
    const check = () => checkVmAlerts(own({ memoryPercent }));

    expect(check).toThrow('alerts.memory_percent must be a whole number from 1 to 100, or off.');
  });

  it.each([1, 100, 'off', null] as const)('can be %s', (cpuPercent) => {
    expect(() => checkVmAlerts(own({ cpuPercent, diskPercent: cpuPercent }))).not.toThrow();
  });
});
