import { describe, expect, it } from 'vitest';
import { completeHealthCheck } from './health-check.ts';
import { afterCheck, type HealthState, resumedFrom, UNTRIED } from './health-state.ts';

const asked = { type: 'tcp', port: 1, startPeriodMs: 1_000, healthyThreshold: 2, unhealthyThreshold: 3 } as const;
const check = completeHealthCheck(asked, null);

/** `+` a check that succeeds, `-` one that fails; within the start period unless `late`. */
function after(checks: string, { late = true } = {}): HealthState {
  const sinceStartMs = late ? 1_000 : 999;
  return [...checks].reduce((state, each) => afterCheck(check, state, { isGood: each === '+', sinceStartMs }), UNTRIED);
}

describe('the health of a VM', () => {
  it.each([
    ['', 'starting'],
    ['+', 'starting'],
    ['+-+', 'starting'],
    ['++', 'healthy'],
    ['--', 'starting'],
    ['---', 'unhealthy'],
    ['++--', 'healthy'],
    ['++--+--', 'healthy'],
    ['++---', 'unhealthy'],
    ['++---+', 'unhealthy'],
    ['++---++', 'healthy'],
  ])('after %j is %s', (checks, status) => {
    expect(after(checks).status).toBe(status);
  });

  it('is not spoilt by what fails while it starts, but by what fails after it was healthy', () => {
    expect(after('-----', { late: false })).toEqual(UNTRIED);
    expect(after('++---', { late: false }).status).toBe('unhealthy');
  });

  it.each([
    ['healthy', '', 'healthy'],
    ['healthy', '--', 'healthy'],
    ['healthy', '---', 'unhealthy'],
    ['unhealthy', '+', 'unhealthy'],
    ['unhealthy', '++', 'healthy'],
    ['degraded', '', 'starting'],
    ['unknown', '--', 'starting'],
  ] as const)('that was %s, as another watch goes on with %j, is %s', (health, checks, status) => {
    const resumed = [...checks].reduce(
      (state, each) => afterCheck(check, state, { isGood: each === '+', sinceStartMs: 1_000 }),
      resumedFrom(health),
    );

    expect(resumed.status).toBe(status);
  });
});
