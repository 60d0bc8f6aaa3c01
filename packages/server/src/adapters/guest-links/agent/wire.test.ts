import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolViolation } from './protocol-violation.ts';
import { readWhole, WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const fields = fc.record({
  u8: fc.nat(0xff),
  u16: fc.nat(0xffff),
  u32: fc.nat(0xffff_ffff),
  u64: fc.nat(Number.MAX_SAFE_INTEGER),
  bigU64: fc.bigInt(0n, 2n ** 64n - 1n),
  flag: fc.boolean(),
  text: fc.string({ unit: 'binary', maxLength: 200 }),
  texts: fc.array(fc.string({ unit: 'binary' })),
});

test('what is written is read, however little room was guessed', () => {
  fc.assert(
    fc.property(fields, fc.nat(20), (written, capacity) => {
      const payload = new WireWriter(capacity)
        .text(written.text)
        .u8(written.u8)
        .flag(written.flag)
        .u16(written.u16)
        .u32(written.u32)
        .u64(written.u64)
        .bigU64(written.bigU64)
        .texts(written.texts)
        .finish();

      const read = readWhole(payload, (reader) => ({
        text: reader.text(),
        u8: reader.u8(),
        flag: reader.u8() === 1,
        u16: reader.u16(),
        u32: reader.u32(),
        u64: reader.u64(),
        bigU64: reader.bigU64(),
        texts: reader.list(4, (item) => item.text()),
      }));

      expect(read).toEqual(written);
    }),
  );
});

test('a read past the end is a violation, and so is an end that is left over', () => {
  expect(() => new WireReader(Buffer.alloc(3)).u32()).toThrow(ProtocolViolation);
  expect(() => readWhole(Buffer.alloc(5), (reader) => reader.u32())).toThrow(ProtocolViolation);
});

test('a length or count that the payload cannot hold is refused before anything is made of it', () => {
  const huge = Buffer.alloc(8, 0xff);

  expect(() => new WireReader(huge).text()).toThrow(ProtocolViolation);
  expect(() => new WireReader(huge).list(1, (item) => item.u8())).toThrow(ProtocolViolation);
});

test('a number that counts must be exact, one that is shown need not be', () => {
  const largest = Buffer.alloc(8, 0xff);

  expect(() => new WireReader(largest).u64()).toThrow(ProtocolViolation);
  expect(new WireReader(largest).size()).toBe(2 ** 64);
  expect(new WireReader(largest).bigU64()).toBe(2n ** 64n - 1n);
});
