import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';
import { EchoFinder } from './handshake.ts';

function echo(nonce: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from('VLRYECHO'), nonce, Buffer.alloc(4)]);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

const nonce = Buffer.from('a1b2c3d4e5f60718293a4b5c6d7e8f90', 'hex');

test('an echo is found wherever the bytes are cut, behind whatever was under way', () => {
  const before = Buffer.from('half a frame VLRYECH VLRYECHOVLRY');
  const bytes = Buffer.concat([before, echo(nonce), Buffer.from('after')]);

  for (let cut = 0; cut <= bytes.length; cut++) {
    const finder = new EchoFinder();
    const found = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((chunk, i) =>
      finder.push(chunk).map(({ nonce: hex, end }) => ({ hex, end: end + (i === 0 ? 0 : cut) })),
    );
    expect(found).toEqual([{ hex: nonce.toString('hex'), end: bytes.length - 'after'.length }]);
  }
});

test('byte by byte, two echoes are found once each', () => {
  const finder = new EchoFinder();

  const found = [...Buffer.concat([echo(nonce), echo(Buffer.alloc(16, 1))])].flatMap((byte) =>
    finder.push(Buffer.of(byte)),
  );

  expect(found.map(({ nonce: hex }) => hex)).toEqual([nonce.toString('hex'), '01'.repeat(16)]);
});

test('an echo with a wrong checksum is none', () => {
  const torn = echo(nonce);
  torn.writeUInt8(torn.readUInt8(10) ^ 1, 10);

  expect(new EchoFinder().push(torn)).toEqual([]);
});
