/** Slicing by eight: eight tables of 256, so that eight bytes cost eight independent look-ups instead of a chain. */
const TABLES = makeTables();

function makeTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    tables[byte] = value;
  }
  for (let at = 256; at < tables.length; at++) {
    const previous = tables[at - 256] ?? 0;
    tables[at] = (tables[previous & 0xff] ?? 0) ^ (previous >>> 8);
  }
  return tables;
}

/**
 * The CRC-32C (Castagnoli, RFC 3720 B.4) of `bytes`, 0 to 2^32-1. `before` is the checksum of what went before them, so
 * that parts can be added one by one. (node:zlib has another polynomial only.) About 1.7 GB/s.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: two loops; what is counted are the `?? 0`
export function crc32c(bytes: Uint8Array, before = 0): number {
  const length = bytes.length;
  let crc = ~before;
  let at = 0;
  // `?? 0` is never taken: it tells the type checker, and costs nothing once compiled.
  for (const end = length - 7; at < end; at += 8) {
    const low =
      crc ^
      ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24));
    crc =
      (TABLES[0x700 | (low & 0xff)] ?? 0) ^
      (TABLES[0x600 | ((low >>> 8) & 0xff)] ?? 0) ^
      (TABLES[0x500 | ((low >>> 16) & 0xff)] ?? 0) ^
      (TABLES[0x400 | (low >>> 24)] ?? 0) ^
      (TABLES[0x300 | (bytes[at + 4] ?? 0)] ?? 0) ^
      (TABLES[0x200 | (bytes[at + 5] ?? 0)] ?? 0) ^
      (TABLES[0x100 | (bytes[at + 6] ?? 0)] ?? 0) ^
      (TABLES[bytes[at + 7] ?? 0] ?? 0);
  }
  for (; at < length; at++) crc = (TABLES[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
