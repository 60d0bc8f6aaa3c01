import { describe, expect, it } from 'vitest';
import { preferredWait } from './prefer.ts';

describe('Prefer', () => {
  it.each([
    ['wait=5', 5],
    ['wait=0', 0],
    ['respond-async, wait=10', 10],
    ['Wait = "20"; foo=bar', 20],
    ['wait=9999', 300],
    [['respond-async', 'wait=3'], 3],
    [undefined, null],
    ['respond-async', null],
    ['wait=', null],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['await=5', null],
    ['wait=abc', null],
  ])('%j asks for %s seconds', (header, expected) => {
    expect(preferredWait(header)).toBe(expected);
  });
});
