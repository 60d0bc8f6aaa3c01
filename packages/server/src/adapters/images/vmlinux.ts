import { gunzipSync } from 'node:zlib';
import { decompressLz4Legacy } from './lz4-legacy.ts';

/**
 * The uncompressed kernel within a bzImage. A machine that starts it directly, by its PVH entry, needs no time to
 * unpack it: under emulation that is a tenth of the boot.
 *
 * The payload's place is in the setup header (Linux: Documentation/arch/x86/boot.rst, `payload_offset`, protocol ≥ 2.08),
 * relative to the protected-mode code; its last four bytes are the uncompressed size.
 * Returns null for a payload that is packed otherwise: then the bzImage itself has to do.
 * Throws RangeError if this is no bzImage.
 */
export function extractVmlinux(bzImage: Uint8Array): Uint8Array | null {
  const view = new DataView(bzImage.buffer, bzImage.byteOffset, bzImage.byteLength);
  if (bzImage.length < 0x260 || view.getUint32(0x202, true) !== HEADER_MAGIC || view.getUint16(0x206, true) < 0x208) {
    throw new RangeError('not a Linux bzImage with boot protocol 2.08 or later');
  }
  const setupSectors = view.getUint8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + view.getUint32(0x248, true);
  const length = view.getUint32(0x24c, true);
  if (start + length > bzImage.length || length < 8) throw new RangeError('the payload passes the image');
  return unpack(bzImage.subarray(start, start + length));
}

/** "HdrS" */
const HEADER_MAGIC = 0x53726448;

function unpack(payload: Uint8Array): Uint8Array | null {
  const packed = payload.subarray(0, payload.length - 4);
  if (startsWith(packed, [0x02, 0x21, 0x4c, 0x18])) return checked(decompressLz4Legacy(packed));
  if (startsWith(packed, [0x1f, 0x8b])) return checked(gunzipSync(packed));
  return null;
}

function checked(kernel: Uint8Array): Uint8Array {
  if (!startsWith(kernel, [0x7f, 0x45, 0x4c, 0x46])) throw new RangeError('the payload is no ELF kernel');
  return kernel;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
