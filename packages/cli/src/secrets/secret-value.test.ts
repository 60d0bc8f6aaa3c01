import { describe, expect, it } from 'vitest';
import { toRequest, withoutNewline } from './secret-value.ts';

describe('what is piped in as a secret', () => {
  it.each([
    ['value', 'value'],
    ['value\n', 'value'],
    ['value\r\n', 'value'],
    ['value\n\n', 'value\n'],
    ['value\r', 'value\r'],
    ['\n', ''],
    ['', ''],
  ])('%j is kept as %j', (piped, kept) => {
    expect(withoutNewline(Buffer.from(piped)).toString()).toBe(kept);
  });
});

describe('a value on the wire', () => {
  it('is text where it is text, and base64 where it is not', () => {
    expect(toRequest(Buffer.from('grüß'))).toEqual({ value: 'grüß' });
    expect(toRequest(Buffer.from([0xff, 0x00]))).toEqual({ value: '/wA=', encoding: 'base64' });
    expect(toRequest(Buffer.from('a\0b'))).toEqual({ value: 'YQBi', encoding: 'base64' });
  });

  it('is not empty', () => {
    expect(() => toRequest(Buffer.alloc(0))).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
