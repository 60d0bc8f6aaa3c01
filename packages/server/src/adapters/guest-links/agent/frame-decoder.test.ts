import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FRAME_HEADER_BYTES, FRAME_TYPES, type Frame, PAYLOAD_MAX_BYTES } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { ProtocolViolation } from './protocol-violation.ts';

const TAG = 0xb2a1;

interface Sample {
  readonly type: (typeof FRAME_TYPES)[keyof typeof FRAME_TYPES];
  readonly stream: number;
  readonly payload: Uint8Array;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  type: fc.constantFrom(...Object.values(FRAME_TYPES)),
  stream: fc.nat(0xffff_ffff),
  payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1000, maxLength: 3000 })),
});

function encodeAll(samples: readonly Sample[]): Buffer {
  return Buffer.concat(samples.flatMap(({ type, stream, payload }) => encodeFrame(type, TAG, stream, payload)));
}

/** Decodes `bytes`, handed over in pieces of these lengths, over and over. */
function decode(bytes: Buffer, lengths: readonly number[]): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder(TAG, (frame) => frames.push(frame));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const next = at + (lengths[turn % lengths.length] ?? bytes.length);
    // Each piece in memory of its own, as a socket gives them.
    decoder.push(Buffer.from(bytes.subarray(at, next)));
    at = next;
  }
  return frames;
}

function plain(frames: readonly (Frame | Sample)[]) {
  return frames.map(({ type, stream, payload }) => ({ type, stream, payload: Buffer.from(payload).toString('hex') }));
}

test('frames come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }),
      (samples, lengths) => {
        expect(plain(decode(encodeAll(samples), lengths))).toEqual(plain(samples));
      },
    ),
  );
});

test('a split at every byte, and byte by byte', () => {
  const samples: readonly Sample[] = [
    { type: FRAME_TYPES.CLOSE, stream: 1, payload: Buffer.alloc(0) },
    { type: FRAME_TYPES.DATA, stream: 2, payload: Buffer.from('some output of a command') },
    { type: FRAME_TYPES.CLOSE, stream: 3, payload: Buffer.alloc(0) },
  ];
  const bytes = encodeAll(samples);

  for (let cut = 1; cut < bytes.length; cut++)
    expect(plain(decode(bytes, [cut, bytes.length]))).toEqual(plain(samples));
  expect(plain(decode(bytes, [1]))).toEqual(plain(samples));
});

test('the longest frame there is, across many chunks', () => {
  const samples: readonly Sample[] = [
    { type: FRAME_TYPES.RESULT, stream: 9, payload: Buffer.alloc(PAYLOAD_MAX_BYTES, 7) },
  ];

  expect(plain(decode(encodeAll(samples), [1000]))).toEqual(plain(samples));
});

test('a long payload is handed over in the two buffers it is in', () => {
  const body = Buffer.alloc(5000, 3);

  const [head, tail] = encodeFrame(FRAME_TYPES.DATA, TAG, 5, Buffer.from([1]), body);

  expect(head?.length).toBe(FRAME_HEADER_BYTES + 1);
  expect(tail).toBe(body);
});

test('a payload within one chunk is not copied', () => {
  const bytes = encodeAll([{ type: FRAME_TYPES.DATA, stream: 2, payload: Buffer.alloc(100, 1) }]);
  const frames: Frame[] = [];

  new FrameDecoder(TAG, (frame) => frames.push(frame)).push(bytes);

  expect(frames[0]?.payload.buffer).toBe(bytes.buffer);
});

test('one changed bit anywhere is a violation, or leaves the frame unfinished', () => {
  const bytes = encodeAll([{ type: FRAME_TYPES.DATA, stream: 2, payload: Buffer.from('payload') }]);

  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const torn = Buffer.from(bytes);
    torn[bit >> 3] = (torn[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const frames: Frame[] = [];
    const decoder = new FrameDecoder(TAG, (frame) => frames.push(frame));
    try {
      decoder.push(torn);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolViolation);
    }
    expect(frames).toEqual([]);
  }
});

test('a frame cut short gives nothing', () => {
  const bytes = encodeAll([{ type: FRAME_TYPES.DATA, stream: 2, payload: Buffer.from('payload') }]);

  for (let length = 0; length < bytes.length; length++) expect(decode(bytes.subarray(0, length), [5])).toEqual([]);
});

test('a length past the bound is refused before any memory is taken for it', () => {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(0xffff_fff0, 0);
  header.writeUInt16LE(TAG, 6);

  expect(() => decode(header, [16])).toThrow(ProtocolViolation);
  expect(() => decode(header, [3])).toThrow(ProtocolViolation);
});

test('a frame of another session is refused', () => {
  const bytes = Buffer.concat(encodeFrame(FRAME_TYPES.CLOSE, TAG ^ 1, 2, Buffer.alloc(0)));

  expect(() => decode(bytes, [16])).toThrow(ProtocolViolation);
});

test('garbage is never more than a violation', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      (garbage, length, hasTag) => {
        const bytes = Buffer.from(garbage);
        // With the right tag and a possible length, garbage gets as far as the checksum.
        if (hasTag && bytes.length >= 8) {
          bytes.writeUInt32LE(bytes.length % 50, 0);
          bytes.writeUInt16LE(TAG, 6);
        }
        try {
          expect(decode(bytes, [length])).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      },
    ),
  );
});
