import { expect, test } from 'vitest';
import { createWaitingKeys } from './waiting-keys.ts';

test('a key that becomes due between two looks is to be taken now, and not forgotten', () => {
  const waiting = createWaitingKeys();
  waiting.put({ key: 'a', dueMs: 10 });

  expect(waiting.takeDue(9)).toBeNull();
  expect(waiting.nextDueMs(9)).toBe(10);
  expect(waiting.nextDueMs(11)).toBe(11);
  expect(waiting.takeDue(11)).toBe('a');
  expect(waiting.nextDueMs(11)).toBeNull();
});

test('the earliest wish for a key counts, whatever comes after it', () => {
  const waiting = createWaitingKeys();
  for (const dueMs of [30, 10, 20]) waiting.put({ key: 'a', dueMs });

  expect(waiting.nextDueMs(0)).toBe(10);
  expect(waiting.takeDue(10)).toBe('a');
  expect(waiting.takeDue(40)).toBeNull();
});
