import { describe, expect, it } from 'vitest';
import { idFromUuid } from '../../domain/ids.ts';
import { etagOf, isKnown } from './etags.ts';

const id = idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057');
const etag = etagOf({ id, revision: 7 });

describe('the ETag of a VM', () => {
  it('is strong, and another for each revision and each VM', () => {
    expect(etag).toBe(`"${id}.7"`);
    expect(etagOf({ id, revision: 8 })).not.toBe(etag);
  });

  it.each([
    [undefined, false],
    [etag, true],
    [`W/${etag}`, true],
    [`"other", ${etag}`, true],
    ['*', true],
    ['"other"', false],
    [etag.slice(1, -1), false],
    ['', false],
  ])('is known by If-None-Match %s: %s', (header, expected) => {
    expect(isKnown(header, etag)).toBe(expected);
  });
});
