import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfText, textOfBytes } from './guest-text.ts';

test('any bytes come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(bytesOfText(textOfBytes(Buffer.from(bytes))).equals(bytes)).toBe(true);
    }),
  );
});

test('UTF-8 is read as the text it is, the replacement character included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(textOfBytes(Buffer.from(text))).toBe(text);
    }),
  );
  expect(textOfBytes(Buffer.from('a\ufffdé🙂\ufeffz'))).toBe('a\ufffdé🙂\ufeffz');
});

test('only the bytes that are no UTF-8 are escaped', () => {
  expect(textOfBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xc3]))).toBe('a\udcffé\udcc3');
});
