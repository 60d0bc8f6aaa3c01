import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createConsoleLog } from './console-log.ts';

const SEGMENT_BYTES = 64;

async function withLog(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'console-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function readAll(directory: string, offset: number): Promise<{ readonly offset: number; readonly text: string }> {
  let text = '';
  let first: number | null = null;
  for await (const chunk of createConsoleLog(directory, { segmentBytes: SEGMENT_BYTES }).read(offset)) {
    first ??= chunk.offset;
    expect(chunk.offset).toBe(first + text.length);
    text += Buffer.from(chunk.bytes).toString('latin1');
  }
  return { offset: first ?? -1, text };
}

test('keeps the end of what was written, under its offsets, within its bound, whoever writes on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 100 })), fc.nat(400), async (pieces, from) => {
      await withLog(async (directory) => {
        const bytes = pieces.map((piece) => Buffer.from(piece, 'latin1').toString('latin1'));
        const whole = bytes.join('');
        for (const piece of bytes) {
          await createConsoleLog(directory, { segmentBytes: SEGMENT_BYTES }).append(Buffer.from(piece, 'latin1'));
        }

        const read = await readAll(directory, from);

        expect(await createConsoleLog(directory).end()).toBe(whole.length);
        if (read.text !== '') expect(read.offset).toBeGreaterThanOrEqual(from);
        expect(read.text).toBe(read.text === '' ? '' : whole.slice(read.offset));
        if (from < whole.length)
          expect(whole.length - read.offset).toBeGreaterThanOrEqual(Math.min(SEGMENT_BYTES, whole.length - from));
        const names = await readdir(directory);
        const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * (SEGMENT_BYTES + 100));
      });
    }),
    { numRuns: 50 },
  );
});

test('the tail is of one life only, and of text', async () => {
  await withLog(async (directory) => {
    const log = createConsoleLog(directory);
    await log.append(Buffer.from('earlier life\r\n'));
    const start = await log.end();
    await log.append(Buffer.from('one\r\ntwo\r\n'));

    expect(await log.tail(start, 1_000)).toBe('one\ntwo\n');
    expect(await log.tail(0, 5)).toBe('two\n');
    expect(await log.tail(0, 1_000)).toContain('earlier life');
  });
});

test('goes on at the offset that it is told, without what was after it, and with what is missing missing', async () => {
  await withLog(async (directory) => {
    const log = createConsoleLog(directory, { segmentBytes: SEGMENT_BYTES });
    await log.append(Buffer.from('a'.repeat(SEGMENT_BYTES)));
    await log.append(Buffer.from('bbb'));

    await log.endAt(SEGMENT_BYTES + 1);
    await log.append(Buffer.from('c'));
    expect(await readAll(directory, SEGMENT_BYTES - 1)).toEqual({ offset: SEGMENT_BYTES - 1, text: 'abc' });

    await log.endAt(10);
    expect(await readAll(directory, 0)).toEqual({ offset: 0, text: 'a'.repeat(10) });

    await log.endAt(1_000);
    expect(await log.end()).toBe(1_000);
    await log.append(Buffer.from('d'));
    expect(await readAll(directory, 500)).toEqual({ offset: 1_000, text: 'd' });
  });
});
