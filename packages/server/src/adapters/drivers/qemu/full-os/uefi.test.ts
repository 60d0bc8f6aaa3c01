import { expect, test } from 'vitest';
import { findUefi } from './uefi.ts';

test('the first UEFI that is there is taken; where there is none, it is said what brings one', () => {
  expect(findUefi(['/nowhere/a', import.meta.filename, '/'])).toBe(import.meta.filename);
  expect(() => findUefi(['/nowhere/a'])).toThrow(expect.objectContaining({ reason: 'driver.no_uefi' }));
});
