import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines } from './bounded-lines.ts';

async function linesOf(chunks: readonly Uint8Array[]): Promise<readonly string[]> {
  const input = new PassThrough();
  const lines: string[] = [];
  readLines(input, (line) => lines.push(line));
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await finished(input);
  return lines;
}

describe('lines of what a program says', () => {
  it('are the same, wherever it is cut', async () => {
    const text = fc.array(fc.constantFrom('a', 'ä', '€', '\n', '\r', '\r\n', 'word'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (words, size) => {
        const bytes = Buffer.from(words.join(''));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));

        const expected = words.join('').split(/\r\n|\n|\r/);
        if (expected.at(-1) === '') expected.pop();
        expect(await linesOf(chunks)).toEqual(expected);
      }),
    );
  });

  it('that do not end are not kept', async () => {
    const chunk = Buffer.alloc(1024 ** 2, 'a');

    const lines = await linesOf([...Array.from({ length: 8 }, () => chunk), Buffer.from('\nend')]);

    expect(lines.map(({ length }) => length)).toEqual([8_192, 3]);
  });
});
