import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StampedPieces } from './stamped-pieces.ts';

const STAMPS = ['2026-01-31T12:00:00.000000001Z', '2026-01-31T12:00:00.000000002Z'] as const;

/** What the engine's answer brings, in pieces of some size, joined by its times. */
function takeApart(answer: string, size: number): readonly (readonly [string, string])[] {
  const pieces = new StampedPieces();
  const bytes = Buffer.from(answer);
  const all: [string, string][] = [];
  for (let at = 0; at < bytes.length; at += size) take(pieces.push(bytes.subarray(at, at + size)));
  take(pieces.end());
  return all;

  function take(come: ReturnType<StampedPieces['push']>): void {
    for (const piece of come) {
      const last = all.at(-1);
      const text = Buffer.from(piece.bytes).toString('latin1');
      if (last?.[0] === piece.stamp) last[1] += text;
      else all.push([piece.stamp, text]);
    }
  }
}

it('takes lines and their times apart, wherever the answer is cut', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '2', ':', '.', '-'), maxLength: 80 });
  fc.assert(
    fc.property(fc.tuple(line, line), fc.integer({ min: 1, max: 200 }), (lines, size) => {
      const answer = lines.map((text, at) => `${STAMPS[at]} ${text}\r\n`).join('');

      expect(takeApart(answer, size)).toEqual(lines.map((text, at) => [STAMPS[at], `${text}\r\n`]));
    }),
  );
});

it.each([1, 7, 100_000])('joins the parts of a long line, in pieces of %i', (size) => {
  const part = 'x'.repeat(16_384);
  const answer = `${STAMPS[0]} ${part}${STAMPS[0]} ${part}${STAMPS[0]} end\n${STAMPS[1]} next`;

  expect(takeApart(answer, size)).toEqual([
    [STAMPS[0], `${part}${part}end\n`],
    [STAMPS[1], 'next'],
  ]);
});

it('drops what has no time, which no guest has said', () => {
  const answer = `short\nError grabbing logs: invalid character in a record\n${STAMPS[0]} one\n\n${STAMPS[1]} two\ncut`;

  expect(takeApart(answer, 5)).toEqual([
    [STAMPS[0], 'one\n'],
    [STAMPS[1], 'two\n'],
  ]);
});
