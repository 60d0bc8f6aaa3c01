import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from './split-lines.ts';

const OPTIONS = { isInside: false, isEnd: false, maxBytes: 16, maxLines: 1_000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('splitting into lines', () => {
  it('gives the same lines wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zü ]{0,40}$/)), fc.integer({ min: 17, max: 90 }), (texts, size) => {
        const all = bytes(texts.map((text) => `${text}\n`).join(''));
        const whole = splitLines(all, OPTIONS);
        const pieces: string[] = [];
        let isInside = false;
        for (let at = 0, end = 0; at < all.length; ) {
          end = Math.max(end, Math.min(all.length, at + size));
          const split = splitLines(all.subarray(at, end), { ...OPTIONS, isInside });
          pieces.push(...split.lines.map(({ text }) => text));
          ({ isInside } = split);
          if (split.taken === 0) end += size;
          at += split.taken;
        }
        expect(pieces).toEqual(whole.lines.map(({ text }) => text));
      }),
    );
  });

  it('cuts a line that is too long before a character that does not fit, and skips the rest of it', () => {
    const first = splitLines(bytes('fifteen bytes..ü and more'), OPTIONS);
    expect(first).toMatchObject({ lines: [{ text: 'fifteen bytes..', isCut: true }], isInside: true, taken: 26 });

    const second = splitLines(bytes('still\nnext\n'), { ...OPTIONS, isInside: true });
    expect(second).toMatchObject({ lines: [{ text: 'next', isCut: false }], isInside: false, taken: 11 });
  });

  it('takes no more lines than it is asked for', () => {
    expect(splitLines(bytes('a\nb\nc\n'), { ...OPTIONS, maxLines: 2 })).toMatchObject({ taken: 4 });
  });
});
