import { describe, expect, it } from 'vitest';
import { readDocument } from './read-document.ts';

const read = (text: string) => readDocument(Buffer.from(text));

describe('what a workload answers as its document', () => {
  it('is a JSON object', () => {
    expect(read('{"openapi": "3.1.0"}')).toEqual({ openapi: '3.1.0' });
  });

  it.each([
    ['no object', '[]'],
    ['nothing', ''],
    ['no JSON', '{'],
    ['deeper than anybody could write it again', `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ])('is refused when it is %s', (_, text) => {
    expect(() => read(text)).toThrow('no JSON object');
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => readDocument(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow('no JSON object');
  });
});
