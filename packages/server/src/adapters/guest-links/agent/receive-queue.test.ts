import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Piece, ReceiveQueue } from './receive-queue.ts';

const silent = { taken: () => undefined, abandoned: () => undefined };

async function readAll(queue: ReceiveQueue): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of queue) pieces.push(piece);
  return pieces;
}

test('gives each channel its bytes, in order and at their offsets, whatever the pieces were', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          channel: fc.constantFrom(1, 2),
          length: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(20_000)),
        }),
      ),
      async (arrivals) => {
        const queue = new ReceiveQueue(silent);
        const expected: Record<number, number[]> = { 1: [], 2: [] };
        for (const { channel, length } of arrivals) {
          const known = expected[channel] ?? [];
          const bytes = Buffer.from(Array.from({ length }, (_, i) => (known.length + i) & 255));
          queue.push({ channel, offset: known.length, bytes });
          known.push(...bytes);
        }
        queue.finish();

        const seen: Record<number, number[]> = { 1: [], 2: [] };
        for (const { channel, offset, bytes } of await readAll(queue)) {
          expect(offset).toBe(seen[channel]?.length);
          seen[channel]?.push(...bytes);
        }

        expect(seen).toEqual(expected);
      },
    ),
  );
});

test('bytes that come one by one, from both channels in turn, cost little more than they are', async () => {
  const queue = new ReceiveQueue(silent);
  const chunk = Buffer.alloc(64 * 1024);

  for (let at = 0; at < 200_000; at++) {
    // As a guest would have it: a byte out of a chunk that would be kept for it.
    queue.push({ channel: 1, offset: at, bytes: chunk.subarray(at % 1000, (at % 1000) + 1) });
    queue.push({ channel: 2, offset: at, bytes: chunk.subarray(at % 1000, (at % 1000) + 1) });
  }
  queue.finish();
  const pieces = await readAll(queue);

  expect(pieces.length).toBeLessThan(200);
  expect(pieces.every(({ bytes }) => bytes.buffer !== chunk.buffer)).toBe(true);
  expect(pieces.reduce((sum, { bytes }) => sum + bytes.buffer.byteLength, 0)).toBeLessThan(1_000_000);
});

test('keeps the order between channels as long as there is little', async () => {
  const queue = new ReceiveQueue(silent);
  for (let at = 0; at < 20; at++) queue.push({ channel: 1 + (at % 2), offset: at >> 1, bytes: Buffer.of(at) });
  queue.finish();

  expect((await readAll(queue)).map(({ bytes }) => bytes[0])).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('a reader waits for what comes, and fails after what came', async () => {
  const queue = new ReceiveQueue(silent);
  const reader = queue[Symbol.asyncIterator]();
  const waiting = reader.next();

  queue.push({ channel: 1, offset: 0, bytes: Buffer.from('a') });
  queue.push({ channel: 1, offset: 1, bytes: Buffer.from('b') });
  queue.fail(new Error('lost'));

  expect((await waiting).value).toMatchObject({ offset: 0 });
  expect((await reader.next()).value).toMatchObject({ offset: 1 });
  await expect(reader.next()).rejects.toThrow('lost');
});

test('a reader that stops early is told of, one that has read all is not', async () => {
  let abandoned = 0;
  const listener = { taken: () => undefined, abandoned: () => (abandoned += 1) };
  const left = new ReceiveQueue(listener);
  left.push({ channel: 1, offset: 0, bytes: Buffer.from('a') });
  left.push({ channel: 2, offset: 0, bytes: Buffer.from('b') });
  for await (const _ of left) break;
  expect(abandoned).toBe(1);

  const read = new ReceiveQueue(listener);
  read.finish();
  await readAll(read);
  await read[Symbol.asyncIterator]().return?.();

  expect(abandoned).toBe(1);
});
