import { textOfBytes } from './guest-text.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/**
 * Reads the fields of one payload, in order. Each read is checked against what is left of it: a length or count that
 * the guest made up is refused before anything is made from it.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#skip(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#skip(4));
  }

  /** An offset or length that is counted with. One past 2^53 - 1 is a violation: nothing real gets there. */
  u64(): number {
    const value = this.size();
    if (!Number.isSafeInteger(value)) throw new ProtocolViolation('a number is out of range');
    return value;
  }

  /** A number that is only shown, such as a file's size: past 2^53 the nearest. (A sparse file can have 2^63 - 1.) */
  size(): number {
    const at = this.#skip(8);
    return this.#bytes.readUInt32LE(at) + this.#bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
  }

  /** A time in nanoseconds, or a token: all 64 bits matter. */
  bigU64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#skip(8));
  }

  text(): string {
    return textOfBytes(this.raw(this.u32()));
  }

  /** The next `length` bytes, not copied. */
  raw(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** `itemBytes` is the least that one item takes: it bounds the count by what the payload can hold. */
  list<T>(itemBytes: number, readItem: (reader: WireReader) => T): T[] {
    const count = this.u32();
    if (count * itemBytes > this.#left) throw new ProtocolViolation('a list is longer than its frame');
    return Array.from({ length: count }, () => readItem(this));
  }

  /** All that is left, not copied. */
  rest(): Buffer {
    return this.raw(this.#left);
  }

  /** Says that the message ends here. */
  end(): void {
    if (this.#left !== 0) throw new ProtocolViolation('a message is longer than it should be');
  }

  get #left(): number {
    return this.#bytes.length - this.#at;
  }

  #skip(length: number): number {
    if (length > this.#left) throw new ProtocolViolation('a message is shorter than it should be');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** Reads one whole payload: `read` must use up all of it. */
export function readWhole<T>(payload: Buffer, read: (reader: WireReader) => T): T {
  const reader = new WireReader(payload);
  const value = read(reader);
  reader.end();
  return value;
}
