/**
 * One frame of the guest protocol (guest/agent/PROTOCOL.md, section 2):
 *
 *    0        4      5   6     8        12       16
 *    | length | type | 0 | tag | stream | crc32c | payload (length bytes)
 */
import { crc32c } from './crc32c.ts';

export const FRAME_HEADER_BYTES = 16;
/** The longest payload of any frame. */
export const PAYLOAD_MAX_BYTES = 65_536;
/** The most bytes of a channel that one DATA carries. */
export const DATA_MAX_BYTES = 32_768;
/** Types from here up are hints of later versions, and ignored. */
export const FIRST_HINT_TYPE = 64;

/** How much of the header its checksum covers. */
const CHECKED_HEADER_BYTES = 12;
/** A payload up to this long is copied behind its header; a longer one goes out as it is. */
const COPIED_PAYLOAD_BYTES = 1024;

export const FRAME_TYPES = {
  HELLO: 1,
  PING: 2,
  PONG: 3,
  OPEN: 16,
  RESULT: 17,
  ERROR: 18,
  DATA: 19,
  EOF: 20,
  WINDOW: 21,
  SIGNAL: 22,
  RESIZE: 23,
  EXIT: 24,
  CLOSE: 25,
  EVENT: 26,
  CONTROL: 27,
} as const;

export type FrameType = (typeof FRAME_TYPES)[keyof typeof FRAME_TYPES];

/** What came in. `payload` may be a part of a larger chunk: whoever keeps little of it for long copies it. */
export interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The checksum that belongs into the header at `at`, over it and its payload. */
export function frameChecksum(bytes: Buffer, at: number, ...payload: readonly Uint8Array[]): number {
  let crc = crc32c(bytes.subarray(at, at + CHECKED_HEADER_BYTES));
  for (const part of payload) crc = crc32c(part, crc);
  return crc;
}

/**
 * The bytes of a frame, whose payload is `head` and then `body`, as one or two buffers: a long body is not copied, so it
 * must not change until it is written. Throws RangeError past `PAYLOAD_MAX_BYTES`.
 */
export function encodeFrame(
  type: FrameType,
  tag: number,
  stream: number,
  head: Uint8Array,
  body?: Uint8Array,
): readonly Uint8Array[] {
  const bodyLength = body?.length ?? 0;
  const length = head.length + bodyLength;
  if (length > PAYLOAD_MAX_BYTES) throw new RangeError('the payload is too long for a frame');
  const isCopied = bodyLength <= COPIED_PAYLOAD_BYTES;
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + head.length + (isCopied ? bodyLength : 0));
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt8(0, 5);
  bytes.writeUInt16LE(tag, 6);
  bytes.writeUInt32LE(stream, 8);
  bytes.set(head, FRAME_HEADER_BYTES);
  if (body === undefined) {
    bytes.writeUInt32LE(frameChecksum(bytes, 0, head), 12);
    return [bytes];
  }
  bytes.writeUInt32LE(frameChecksum(bytes, 0, head, body), 12);
  if (!isCopied) return [bytes, body];
  bytes.set(body, FRAME_HEADER_BYTES + head.length);
  return [bytes];
}
