import { expect, it } from 'vitest';
import { momentParam } from './moment-param.ts';

it.each([
  '2026-02-30T00:00:00Z',
  '2027-02-29T12:00:00Z',
  '2026-04-31T00:00:00+02:00',
  '0001-02-29T00:00:00Z',
  '2026-02-28T25:00:00Z',
])('%s is refused, for there is no such moment', (text) => {
  expect(() => momentParam('since', text)).toThrow(
    expect.objectContaining({ code: 'invalid_argument', reason: 'request.invalid' }),
  );
});

it.each([
  ['2028-02-29T23:30:00-01:00', Date.UTC(2028, 2, 1, 0, 30)],
  ['2026-12-31T23:59:59.999Z', Date.UTC(2026, 11, 31, 23, 59, 59, 999)],
  ['1970-01-01T00:00:00z', 0],
])('%s is a moment', (text, at) => {
  expect(momentParam('since', text)).toBe(at);
});
