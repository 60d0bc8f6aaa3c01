import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractVmlinux } from './vmlinux.ts';

const KERNEL = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), randomBytes(10_000)]);
const SETUP_SECTORS = 3;
const PAYLOAD_OFFSET = 100;

/** A bzImage as the boot protocol describes it, with this payload. */
function bzImageWith(packed: Uint8Array): Buffer {
  const payload = Buffer.concat([packed, Buffer.alloc(4)]);
  const start = (SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET;
  const image = Buffer.alloc(start + payload.length);
  image.writeUInt8(SETUP_SECTORS, 0x1f1);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(0x20f, 0x206);
  image.writeUInt32LE(PAYLOAD_OFFSET, 0x248);
  image.writeUInt32LE(payload.length, 0x24c);
  payload.copy(image, start);
  return image;
}

/** An LZ4 legacy frame of one block that is all literals. */
function lz4(content: Uint8Array): Buffer {
  const extra = content.length - 15;
  const lengths = Buffer.concat([Buffer.alloc(Math.floor(extra / 255), 255), Buffer.from([extra % 255])]);
  const block = Buffer.concat([Buffer.from([0xf0]), lengths, content]);
  const head = Buffer.from([0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(block.length, 4);
  return Buffer.concat([head, block]);
}

describe('the kernel within a bzImage', () => {
  it.each([
    ['LZ4', lz4(KERNEL)],
    ['gzip', gzipSync(KERNEL)],
  ])('is unpacked from %s', (_name, packed) => {
    expect(Buffer.compare(extractVmlinux(bzImageWith(packed)) ?? Buffer.alloc(0), KERNEL)).toBe(0);
  });

  it('is left where it is when it is packed otherwise', () => {
    expect(extractVmlinux(bzImageWith(Buffer.from('\xfd7zXZ\0 and more', 'latin1')))).toBeNull();
  });

  it('must be one', () => {
    expect(() => extractVmlinux(bzImageWith(lz4(randomBytes(100))))).toThrow('no ELF kernel');
    expect(() => extractVmlinux(Buffer.alloc(0x300))).toThrow('not a Linux bzImage');
    expect(() => extractVmlinux(bzImageWith(lz4(KERNEL)).subarray(0, 4_000))).toThrow('passes the image');
  });

  it('is found, or refused with a RangeError, in any header', () => {
    const image = bzImageWith(lz4(KERNEL));
    fc.assert(
      fc.property(fc.integer({ min: 0x1f1, max: 0x260 }), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(image);
        damaged[at] = byte;
        try {
          extractVmlinux(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
