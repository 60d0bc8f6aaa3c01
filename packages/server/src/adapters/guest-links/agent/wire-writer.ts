import { bytesOfText } from './guest-text.ts';

/** Writes the fields of one payload, in order, into a buffer that grows: room is made first, since that may replace it. */
export class WireWriter {
  #bytes: Buffer;
  #length = 0;

  /** `capacity`: a guess of the payload's length, in bytes. */
  constructor(capacity = 64) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  /** 0 to 2^53 - 1. */
  u64(value: number): this {
    const at = this.#reserve(8);
    this.#bytes.writeUInt32LE(value % 0x1_0000_0000, at);
    this.#bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
    return this;
  }

  bigU64(value: bigint): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  text(value: string): this {
    const bytes = bytesOfText(value);
    return this.u32(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  texts(values: readonly string[]): this {
    this.u32(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  /** What has been written; the writer is not to be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    return at;
  }
}
