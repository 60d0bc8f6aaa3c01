import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompressLz4Legacy } from './lz4-legacy.ts';

/** What the reference implementation makes of it. */
function compress(content: Uint8Array): Uint8Array {
  return execFileSync('lz4', ['-l', '-9', '-c'], { input: content, maxBuffer: 64 * 1024 * 1024 });
}

describe('the LZ4 legacy frame', () => {
  it.each([
    ['text that repeats', Buffer.from('volary '.repeat(10_000))],
    ['one byte over and over', Buffer.alloc(1_000_000, 7)],
    ['nothing that repeats', Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 2_654_435_761) >>> 24))],
    ['more than one block', Buffer.from(Array.from({ length: 9 * 1024 * 1024 }, (_, i) => (i >> 7) & 0xff))],
  ])('gives back %s', (_what, content) => {
    expect(Buffer.compare(decompressLz4Legacy(compress(content)), content)).toBe(0);
  });

  it('ends with an answer or a RangeError on anything', () => {
    const frame = compress(Buffer.from('a frame that will be damaged '.repeat(50)));
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Uint8Array.from(frame);
        damaged[at] = byte;
        try {
          decompressLz4Legacy(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
