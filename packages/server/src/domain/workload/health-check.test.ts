import { describe, expect, it } from 'vitest';
import { VolaryError } from '../errors.ts';
import { type AskedHealthCheck, completeHealthCheck, defaultHealthCheck, formatStatuses } from './health-check.ts';
import { completeWorkload } from './workload.ts';

const HTTP = completeWorkload({ type: 'http', command: 'serve', baseUrl: 'http://localhost:8080/api' });

function fieldOf(asked: AskedHealthCheck): unknown {
  try {
    completeHealthCheck(asked, null);
  } catch (error) {
    if (error instanceof VolaryError && error.reason === 'health_check.invalid') return error.details['field'];
    throw error;
  }
  return null;
}

describe('a health check', () => {
  it('is completed with defaults, and with the port of the workload', () => {
    expect(completeHealthCheck({ type: 'http', path: '/ok' }, HTTP)).toEqual({
      probe: { type: 'http', port: 8080, path: '/ok', statuses: { minimum: 200, maximum: 399 } },
      intervalMs: 10_000,
      timeoutMs: 5_000,
      startPeriodMs: 30_000,
      healthyThreshold: 1,
      unhealthyThreshold: 3,
    });
    expect(completeHealthCheck({ type: 'exec', command: 'true' }, null).probe).toEqual({
      type: 'exec',
      argv: ['/bin/sh', '-c', 'true'],
    });
  });

  it('of a workload that nobody gave one asks whether it answers', () => {
    expect(defaultHealthCheck(HTTP)?.probe).toMatchObject({ path: '/api/', statuses: { minimum: 100, maximum: 499 } });
    expect(defaultHealthCheck(completeWorkload({ type: 'tcp', port: 5 }))?.probe).toEqual({ type: 'tcp', port: 5 });
    expect(defaultHealthCheck(completeWorkload({ type: 'batch', command: 'x' }))).toBeNull();
    expect(defaultHealthCheck(completeWorkload({ type: 'daemon', command: 'x', port: 5 }))).toBeNull();
  });

  it.each([
    [204, '204'],
    ['200-299', '200-299'],
    ['404-404', '404'],
  ])('expects the status %s', (expectedStatus, shown) => {
    const { probe } = completeHealthCheck({ type: 'http', port: 1, expectedStatus }, null);
    expect(probe.type === 'http' ? formatStatuses(probe.statuses) : null).toBe(shown);
  });

  it.each<[string, AskedHealthCheck]>([
    ['health_check.port', { type: 'http' }],
    ['health_check.port', { type: 'exec', command: 'a', port: 1 }],
    ['health_check.path', { type: 'tcp', port: 1, path: '/' }],
    ['health_check.expected_status', { type: 'tcp', port: 1, expectedStatus: 200 }],
    ['health_check.expected_status', { type: 'http', port: 1, expectedStatus: '300-200' }],
    ['health_check.expected_status', { type: 'http', port: 1, expectedStatus: 99 }],
    ['health_check.command', { type: 'exec' }],
    ['health_check.command', { type: 'exec', command: 'a', argv: ['b'] }],
    ['health_check.command', { type: 'http', port: 1, command: 'a' }],
    ['health_check.interval_ms', { type: 'tcp', port: 1, intervalMs: 499 }],
    ['health_check.timeout_ms', { type: 'tcp', port: 1, timeoutMs: 60_001 }],
    ['health_check.start_period_ms', { type: 'tcp', port: 1, startPeriodMs: -1 }],
    ['health_check.healthy_threshold', { type: 'tcp', port: 1, healthyThreshold: 0 }],
    ['health_check.unhealthy_threshold', { type: 'tcp', port: 1, unhealthyThreshold: 1.5 }],
  ])('is refused by its field: %s', (field, asked) => {
    expect(fieldOf(asked)).toBe(field);
  });
});
