import { describe, expect, it, test } from 'vitest';
import { addTallies, formatTally, parseFailedFile, parseTally } from './tally.ts';

test.each([
  [{ passed: 3, failed: 0, skipped: 0 }, '3 passed, 0 failed'],
  [{ passed: 0, failed: 12, skipped: 1 }, '0 passed, 12 failed, 1 skipped'],
])('%j is written and read back as %j', (tally, line) => {
  expect(formatTally(tally)).toBe(line);
  expect(parseTally(line)).toEqual(tally);
});

test.each(['', 'ok   x.test.ts  3 passed, 0 failed  0.1 s', '3 passed', ' 3 passed, 0 failed'])(
  '%j is no tally',
  (line) => {
    expect(parseTally(line)).toBeUndefined();
  },
);

test('tallies add up', () => {
  const one = { passed: 1, failed: 2, skipped: 3 };

  expect(addTallies([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 });
  expect(addTallies([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

describe('a failed file', () => {
  it('is known by the line of the reporter', () => {
    expect(parseFailedFile('FAIL a/b.test.ts  3 passed, 1 failed, 2 skipped  0.4 s')).toEqual({
      path: 'a/b.test.ts',
      tally: { passed: 3, failed: 1, skipped: 2 },
    });
  });

  it.each(['ok   a/b.test.ts  3 passed, 0 failed  0.4 s', 'FAIL a/b.test.ts > does a thing', 'FAIL', ''])(
    'is not %j',
    (line) => {
      expect(parseFailedFile(line)).toBeUndefined();
    },
  );
});
