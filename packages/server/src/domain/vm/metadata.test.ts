import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { checkMetadata, METADATA_BYTES } from './metadata.ts';

function check(metadata: JsonObject): void {
  checkMetadata(metadata, JSON.stringify(metadata).length);
}

describe('metadata', () => {
  it.each([{}, { note: 'two\nlines\t🐦', deep: [{ a: null, b: [1, true] }] }])('can be %j', (metadata) => {
    expect(() => check(metadata)).not.toThrow();
  });

  it.each<[string, JsonObject]>([
    ['metadata', { 'a\u0000': 1 }],
    ['metadata.note', { note: 'a\u0000b' }],
    ['metadata.note', { note: '\ud800' }],
    ['metadata.deep[1].a', { deep: [1, { a: '\u0000' }] }],
    ['metadata.deep[0]', { deep: [{ '\udc00': 'x' }] }],
  ])('cannot be what is at %s of %j', (field, metadata) => {
    expect(() => check(metadata)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', reason: 'vm.invalid_metadata', details: { field } }),
    );
  });

  it('has a bound', () => {
    expect(() => check({ a: 'x'.repeat(METADATA_BYTES) })).toThrow(
      expect.objectContaining({ reason: 'vm.metadata_too_large' }),
    );
  });
});
