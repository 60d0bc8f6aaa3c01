import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEscapeFilter } from './escape-filter.ts';

function typeIn(...pieces: readonly string[]): { text: string; isLeaving: boolean } {
  const filter = createEscapeFilter();
  let text = '';
  for (const piece of pieces) {
    const { bytes, isLeaving } = filter(Buffer.from(piece));
    text += Buffer.from(bytes).toString();
    if (isLeaving) return { text, isLeaving };
  }
  return { text, isLeaving: false };
}

describe('the way out of a terminal session', () => {
  it.each([
    [['~.'], '', true],
    [['ls\r~.', 'rest'], 'ls\r', true],
    [['ls\r', '~', '.'], 'ls\r', true],
    [['a~.'], 'a~.', false],
    [['~~.'], '~.', false],
    [['~', 'x\r'], '~x\r', false],
    [['~\r~.'], '~\r', true],
  ])('%j leaves %j for the command (out: %s)', (pieces, text, isLeaving) => {
    expect(typeIn(...pieces)).toEqual({ text, isLeaving });
  });

  it('passes on all that is typed where no line starts with a tilde, in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().map((text) => text.replaceAll(/(^|[\r\n])~/g, '$1-')),
          { maxLength: 8 },
        ),
        (pieces) => {
          const whole = pieces.join('').replaceAll(/(^|[\r\n])~/g, '$1-');
          const cut = Math.floor(whole.length / 2);

          expect(typeIn(whole.slice(0, cut), whole.slice(cut))).toEqual({ text: whole, isLeaving: false });
        },
      ),
    );
  });
});
