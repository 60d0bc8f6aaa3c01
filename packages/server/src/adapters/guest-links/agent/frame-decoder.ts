import { FRAME_HEADER_BYTES, type Frame, frameChecksum, PAYLOAD_MAX_BYTES } from './frame.ts';
import { ownBytes } from './own-memory.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/**
 * Cuts a byte stream, which comes in chunks of any size, into the frames of one session. A frame that lies within a
 * chunk is not copied; of one that lies across chunks each byte is copied once. A buffer is made only for a length that
 * has been checked, so the guest cannot make this hold more than one frame.
 */
export class FrameDecoder {
  readonly #tag: number;
  readonly #onFrame: (frame: Frame) => void;
  readonly #header = ownBytes(FRAME_HEADER_BYTES);
  /** The frame that has begun in an earlier chunk: first its header alone, then a buffer of its whole length. */
  #partial = this.#header;
  #have = 0;

  /** `tag`: of the session. `onFrame` is called in order, and may throw: then the rest of the chunk is dropped. */
  constructor(tag: number, onFrame: (frame: Frame) => void) {
    this.#tag = tag;
    this.#onFrame = onFrame;
  }

  /** Throws ProtocolViolation; the decoder is of no use afterwards, since where the next frame begins is not known. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#have > 0 ? this.#resume(chunk, at) : this.#begin(chunk, at);
  }

  /** Takes the frame at `at`, or keeps what is there of it. Returns where to go on. */
  #begin(chunk: Buffer, at: number): number {
    const left = chunk.length - at;
    if (left < FRAME_HEADER_BYTES) return this.#keep(chunk, at, FRAME_HEADER_BYTES);
    const end = at + FRAME_HEADER_BYTES + this.#checkHeader(chunk, at);
    if (end <= chunk.length) {
      this.#emit(chunk, at, end);
      return end;
    }
    this.#partial = Buffer.allocUnsafe(end - at);
    return this.#keep(chunk, at, end - at);
  }

  /** Adds to the frame that has begun. */
  #resume(chunk: Buffer, at: number): number {
    const next = this.#keep(chunk, at, this.#partial.length);
    if (this.#have < this.#partial.length) return next;
    const whole = this.#partial;
    if (whole.length === FRAME_HEADER_BYTES) {
      const length = this.#checkHeader(whole, 0);
      if (length > 0) {
        this.#partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
        this.#partial.set(whole);
        return next;
      }
    }
    // What was in a header alone had no payload that somebody could keep.
    this.#partial = this.#header;
    this.#have = 0;
    this.#emit(whole, 0, whole.length);
    return next;
  }

  #keep(chunk: Buffer, at: number, wanted: number): number {
    const next = Math.min(chunk.length, at + wanted - this.#have);
    chunk.copy(this.#partial, this.#have, at, next);
    this.#have += next - at;
    return next;
  }

  /** Returns the payload's length. */
  #checkHeader(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32LE(at);
    if (length > PAYLOAD_MAX_BYTES) throw new ProtocolViolation('a frame is too long');
    if (bytes[at + 5] !== 0) throw new ProtocolViolation('a header is malformed');
    if (bytes.readUInt16LE(at + 6) !== this.#tag) throw new ProtocolViolation('a frame belongs to another session');
    return length;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
    if (frameChecksum(bytes, at, payload) !== bytes.readUInt32LE(at + 12)) {
      throw new ProtocolViolation('a checksum is wrong');
    }
    this.#onFrame({ type: bytes.readUInt8(at + 4), stream: bytes.readUInt32LE(at + 8), payload });
  }
}
