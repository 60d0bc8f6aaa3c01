import { describe, expect, it } from 'vitest';
import { attemptsOf, beginStep, endStep } from './operation-steps.ts';

describe('the steps of an operation', () => {
  it('count the attempts of each step by itself', () => {
    const first = endStep(beginStep([], 'start-machine', 1), 'failed', 'no memory', 2);
    const other = endStep(beginStep(first, 'end-machine', 3), 'succeeded', null, 4);

    const again = beginStep(other, 'start-machine', 5);

    expect(again.map(({ name, attempt, state }) => [name, attempt, state])).toEqual([
      ['start-machine', 1, 'failed'],
      ['end-machine', 1, 'succeeded'],
      ['start-machine', 2, 'running'],
    ]);
  });

  it('say of one that was left under way that it was interrupted', () => {
    const begun = beginStep(beginStep([], 'create-disk', 1), 'create-disk', 2);

    expect(begun[0]).toMatchObject({ state: 'failed', message: 'interrupted', completedAt: 2 });
  });

  it('do not grow however often one is tried, and keep the first attempt, the latest and the count', () => {
    let steps = beginStep([], 'ensure-image', 0);
    for (let attempt = 1; attempt <= 1_000; attempt++)
      steps = endStep(beginStep(steps, 'start-machine', attempt), 'failed', 'no memory', attempt);

    expect(steps).toHaveLength(9);
    expect(steps.map(({ attempt }) => attempt)).toEqual([1, 1, 994, 995, 996, 997, 998, 999, 1_000]);
    expect(attemptsOf(steps, 'start-machine')).toBe(1_000);
  });
});
