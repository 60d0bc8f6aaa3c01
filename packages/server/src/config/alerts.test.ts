import { describe, expect, it } from 'vitest';
import { ALERT_DEFAULTS } from '../domain/alert/alert.ts';
import { readAlerts } from './alerts.ts';

describe('the settings of alerts', () => {
  it('have defaults, also for what is not named', () => {
    expect(readAlerts(null)).toEqual(ALERT_DEFAULTS);
    expect(readAlerts('disk_percent: 80, for_seconds: 60')).toEqual({
      ...ALERT_DEFAULTS,
      diskPercent: 80,
      forMs: 60_000,
    });
  });

  it('turn each kind off', () => {
    expect(readAlerts('cpu_percent: off, memory_percent: off, disk_percent: off, health: off')).toMatchObject({
      ...{ cpuPercent: null, memoryPercent: null, diskPercent: null, isHealthWatched: false },
    });
  });

  it.each([
    ['network_percent: 5', 'alerts'],
    ['cpu_percent: 101', 'alerts.cpu_percent'],
    ['cpu_percent: much', 'alerts.cpu_percent'],
    ['health: maybe', 'alerts.health'],
    ['for_seconds: -1', 'alerts.for_seconds'],
    ['disk_percent: 10, margin_percent: 10', 'alerts.margin_percent'],
  ])('are refused by name: %s', (text, field) => {
    expect(() => readAlerts(text)).toThrow(
      expect.objectContaining({ reason: 'config.invalid', details: expect.objectContaining({ field }) }),
    );
  });
});
