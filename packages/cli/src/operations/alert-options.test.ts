import { expect, test } from 'vitest';
import { alertRequest, collectAlerts } from './alert-options.ts';

test('what is given of alerts is gathered, the last of each kind', () => {
  const given = ['cpu=95', 'disk=off', 'memory=default', 'health=off', 'cpu=80'];

  const alert = given.reduce((before, text) => collectAlerts(text, before), {});

  expect(alertRequest({ alert })).toEqual({
    alerts: { cpu_percent: 80, disk_percent: 'off', memory_percent: null, health: 'off' },
  });
  expect(alertRequest({})).toEqual({});
});

test.each(['cpu', 'cpu=', 'cpu=0', 'cpu=101', 'cpu=1e1', 'cpu=on', 'health=1', 'disc=5', '=5', 'health'])(
  '%s is none',
  (text) => {
    expect(() => collectAlerts(text)).toThrow(/It is|health is/);
  },
);
