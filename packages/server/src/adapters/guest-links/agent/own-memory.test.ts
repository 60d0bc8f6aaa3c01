import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { encodeFrame, FRAME_TYPES } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { EchoFinder } from './handshake.ts';
import { ownCopy } from './own-memory.ts';

/* What links keep while nothing happens on them. */

const LINKS = 300;
/** A block that is kept has four times as much. What is not swept yet when it is looked is a few blocks in all. */
const MOST_BYTES = 16 * 1024;
const TAG = 7;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** Bytes in buffers that are still needed. */
function bytesInBuffers(): number {
  if (typeof collectGarbage !== 'function') throw new TypeError('garbage cannot be collected');
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** What the server does between the beginnings of two links: enough for the next one to get memory from another block. */
function doOtherThings(): void {
  for (let i = 0; i < 100; i++) Buffer.from('x'.repeat(2_000));
}

/** A decoder that has read a frame which came in two pieces. */
function usedDecoder(): FrameDecoder {
  const frame = Buffer.concat(encodeFrame(FRAME_TYPES.PONG, TAG, 0, Buffer.alloc(8)));
  const decoder = new FrameDecoder(TAG, () => undefined);
  decoder.push(frame.subarray(0, 5));
  decoder.push(frame.subarray(5));
  return decoder;
}

function usedEchoFinder(): EchoFinder {
  const finder = new EchoFinder();
  finder.push(Buffer.from('noise that is longer than an ECHO would be'));
  return finder;
}

test.each([
  ['decoder of frames', usedDecoder],
  ['look-out for the answer to SYNC', usedEchoFinder],
  ['copy', () => ownCopy(Buffer.from('0123456789abcdef'))],
])('a %s keeps no more than its few bytes', (_, make) => {
  const kept: unknown[] = [];
  const before = bytesInBuffers();

  for (let i = 0; i < LINKS; i++) {
    kept.push(make());
    doOtherThings();
  }

  expect((bytesInBuffers() - before) / kept.length).toBeLessThan(MOST_BYTES);
});
