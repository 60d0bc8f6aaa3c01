import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cidr, contains, formatAddress, formatCidr, lastOf, overlaps, parseCidr, sizeOf } from './cidr.ts';

const anyCidr = fc
  .record({ address: fc.nat(2 ** 32 - 1), prefixLength: fc.integer({ min: 8, max: 32 }) })
  .map(({ address, prefixLength }): Cidr => {
    const size = sizeOf({ prefixLength });
    return { first: Math.floor(address / size) * size, prefixLength };
  });

describe('ranges of addresses', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(anyCidr, (cidr) => {
        expect(parseCidr(formatCidr(cidr))).toEqual(cidr);
      }),
    );
    expect(formatAddress(0xff00_0a01)).toBe('255.0.10.1');
  });

  it.each([
    ...['', '10.0.0.0', '10.0.0.1/24', '10.0.0.0/33', '10.0.0/24', 'fd00::/8', '10.0.0.0/24/1', '010.0.0.0/8'],
    // Octal to nft: the first is a fault to it, the others are other ranges.
    ...['10.0.0.0/08', '10.0.0.0/010', '10.0.0.0/032', '0.0.0.0/00'],
  ])('are not %s', (text) => {
    expect(parseCidr(text)).toBeNull();
  });

  it('overlap where they have an address in common, and then one contains the other', () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (a, b) => {
        const isCommon = Math.max(a.first, b.first) <= Math.min(lastOf(a), lastOf(b));
        expect(overlaps(a, b)).toBe(isCommon);
        expect(contains(a, b) || contains(b, a)).toBe(isCommon);
      }),
    );
  });
});
