/**
 * Memory for what lives as long as a link: a few bytes each, of which a host with a thousand VMs has thousands. Node cuts small buffers from
 * blocks of 64 KiB, and one that lives keeps all of its block.
 */

/** Bytes that nothing else shares memory with. Their content is whatever was there. */
export function ownBytes(length: number): Buffer {
  return Buffer.allocUnsafeSlow(length);
}

/** A copy of these bytes that nothing else shares memory with. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = ownBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
