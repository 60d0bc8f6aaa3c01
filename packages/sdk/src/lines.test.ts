import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from './lines.ts';
import { collect } from './testing/collect.ts';

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
}

describe('lines', () => {
  it('are the same wherever the stream was cut into pieces', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((one) => `${one}\n`).join(''));

        expect(await collect(linesOf(inPieces(bytes, cuts)))).toEqual(lines);
      }),
    );
  });

  it('are not made of what was cut off', async () => {
    expect(await collect(linesOf(inPieces(new TextEncoder().encode('whole\nhal'), [])))).toEqual(['whole']);
  });
});
