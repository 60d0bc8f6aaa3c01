import { expect, it } from 'vitest';
import { explainAdditions } from './additions.ts';

it('tells which command of a recipe failed, by its last words, and leaves out what the builder says of it', () => {
  const lines = ['I: running', 'volary: file /etc/motd', 'volary: command 1', 'fine', 'volary: command 2'];
  const words = Array.from({ length: 20 }, (_, i) => `line ${i}`);

  const error = explainAdditions([...lines, ...words, 'E: setup failed: E: command failed', 'I: main() received']);

  expect(error?.message).toBe(`The command 2 of the recipe failed:\n${words.slice(-8).join('\n')}`);
  expect(error?.reason).toBe('image.build_failed');
});

it('leaves to others what failed before or after', () => {
  expect(explainAdditions(['E: Unable to locate package nothing'])).toBeNull();
  expect(explainAdditions(['volary: command 1', 'volary: added', 'E: mke2fs'])).toBeNull();
});
