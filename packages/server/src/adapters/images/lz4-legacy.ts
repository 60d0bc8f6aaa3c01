/**
 * The LZ4 legacy frame, as the Linux kernel's build writes it: a magic number, then blocks of up to 8 MiB of content, each
 * with its compressed size before it.
 * Formats: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md (Legacy frame) and lz4_Block_format.md.
 */
const LZ4_LEGACY_MAGIC = 0x184c2102;
const BLOCK_BYTES = 8 * 1024 * 1024;

/** The content of a legacy frame. It ends with the input, or where no block can follow. Throws RangeError on damage. */
export function decompressLz4Legacy(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 4 || view.getUint32(0, true) !== LZ4_LEGACY_MAGIC) throw new RangeError('not an LZ4 legacy frame');
  const blocks: Uint8Array[] = [];
  for (let at = 4; at + 4 <= frame.length; ) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0 || size > frame.length - at) break;
    blocks.push(decompressBlock(frame.subarray(at, at + size)));
    at += size;
  }
  return concatenate(blocks);
}

/** One block: literals and back references in turn. */
function decompressBlock(input: Uint8Array): Uint8Array {
  const output = new Uint8Array(BLOCK_BYTES);
  let from = 0;
  let to = 0;

  function next(): number {
    const byte = input[from++];
    if (byte === undefined) throw new RangeError('the block ends too early');
    return byte;
  }

  function length(nibble: number): number {
    let total = nibble;
    if (nibble === 15) for (let byte = 255; byte === 255; total += byte) byte = next();
    return total;
  }

  while (from < input.length) {
    const token = next();
    const literals = length(token >> 4);
    if (from + literals > input.length || to + literals > BLOCK_BYTES) throw new RangeError('literals pass the block');
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) break;
    const offset = next() | (next() << 8);
    const matched = length(token & 15) + 4;
    if (offset === 0 || offset > to || to + matched > BLOCK_BYTES) throw new RangeError('a reference passes the block');
    copyMatch(output, to, offset, matched);
    to += matched;
  }
  return output.subarray(0, to);
}

/** A reference may reach into what it is writing itself: then what is there repeats. */
function copyMatch(output: Uint8Array, to: number, offset: number, length: number): void {
  if (offset >= length) {
    output.copyWithin(to, to - offset, to - offset + length);
    return;
  }
  for (let i = 0; i < length; i++) output[to + i] = output[to + i - offset] ?? 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
