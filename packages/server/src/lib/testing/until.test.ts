import { expect, test } from 'vitest';
import { until } from './until.ts';

test('what is waited for is returned as soon as it is there', async () => {
  const answers = [null, undefined, false, 0] as const;
  let looks = 0;

  expect(await until(() => answers[looks++], 'a figure', { everyMs: 1 })).toBe(0);
  expect(await until(async () => 'there', 'a word')).toBe('there');
});

test.each([
  ['never comes', () => false],
  ['cannot be looked at to an end', () => new Promise<never>(() => undefined)],
])('what %s is named', async (_, look) => {
  await expect(until(look, 'a sign of life', { timeoutMs: 20, everyMs: 1 })).rejects.toThrow(
    'this did not come within 20 ms: a sign of life',
  );
});

test('a look that fails ends it', async () => {
  const failing = until(() => {
    throw new Error('nothing to see');
  }, 'anything');

  await expect(failing).rejects.toThrow('nothing to see');
});
