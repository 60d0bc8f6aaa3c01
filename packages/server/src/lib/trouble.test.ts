import { expect, test } from 'vitest';
import { createTrouble } from './trouble.ts';

test('trouble is told with what failed first, and when it is over; each time that it begins', () => {
  const told: unknown[] = [];
  const trouble = createTrouble({ begins: (error) => told.push(error), ends: () => told.push('over') });

  trouble.recovered();
  expect([trouble.isOn(), told]).toEqual([false, []]);
  trouble.failed('first');
  trouble.failed('second');
  expect([trouble.isOn(), told]).toEqual([true, ['first']]);
  trouble.recovered();
  trouble.recovered();
  expect([trouble.isOn(), told]).toEqual([false, ['first', 'over']]);
  trouble.failed('third');
  expect(told).toEqual(['first', 'over', 'third']);
});
