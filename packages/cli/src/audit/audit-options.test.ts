import { describe, expect, it } from 'vitest';
import { parseMoment } from './audit-options.ts';

const NOW = Date.parse('2026-01-31T12:00:00.000Z');

describe('a moment on the command line', () => {
  it.each([
    ['30m', '2026-01-31T11:30:00.000Z'],
    ['2h', '2026-01-31T10:00:00.000Z'],
    ['7d', '2026-01-24T12:00:00.000Z'],
    ['2026-01-30', '2026-01-30T00:00:00.000Z'],
    ['2026-01-30T08:00:00+02:00', '2026-01-30T06:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseMoment(text, undefined, NOW)).toBe(expected);
  });

  it.each(['', 'yesterday', '5', '2026-13-01', 'd', '-1h'])('%j is none', (text) => {
    expect(() => parseMoment(text, undefined, NOW)).toThrow('It is a moment');
  });
});
