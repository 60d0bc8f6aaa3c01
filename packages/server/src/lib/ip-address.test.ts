import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithin, networkNameOf, parseIp, parseIpRange } from './ip-address.ts';

describe('an address', () => {
  it.each([
    ['0.0.0.0', 0n],
    ['255.255.255.255', 0xffff_ffffn],
    ['192.0.2.1', 0xc000_0201n],
    ['::', 0n],
    ['::1', 1n],
    ['fe80::1%eth0', (0xfe80n << 112n) | 1n],
    ['::ffff:192.0.2.1', 0xffff_c000_0201n],
    ['1:2:3:4:5:6:7:8', 0x1_0002_0003_0004_0005_0006_0007_0008n],
    ['1::', 1n << 112n],
  ])('%s is read', (text, bits) => {
    expect(parseIp(text)?.bits).toBe(bits);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::12345',
    '::g',
    '::1.2.3.400',
    '1.2.3.4::',
    'localhost',
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeNull();
  });

  it('is what Node.js takes for one, whatever is written', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'0123456789abcf.:'), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), odd), (text) => {
        expect(parseIp(text)?.version ?? 0).toBe(isIP(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', '::8', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fc00::1', false],
    ['::1/128', '::1', true],
  ])('%s: %s is within: %s', (range, address, expected) => {
    const [parsedRange, parsed] = [parseIpRange(range), parseIp(address)];

    expect(parsedRange !== null && parsed !== null && isWithin(parsed, parsedRange)).toBe(expected);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '::/129', 'fe80::%1/10', 'lan/8', '/8'])(
    '%j is none',
    (text) => {
      expect(parseIpRange(text)).toBeNull();
    },
  );
});

describe('the caller behind an address', () => {
  it('is the same however an address of IPv4 is written', () => {
    expect(networkNameOf('::ffff:192.0.2.1')).toBe(networkNameOf('192.0.2.1'));
    expect(networkNameOf('192.0.2.2')).not.toBe(networkNameOf('192.0.2.1'));
  });

  it('has a whole network of IPv6', () => {
    expect(networkNameOf('2001:db8::1')).toBe(networkNameOf('2001:db8::ffff:ffff:ffff:ffff'));
    expect(networkNameOf('2001:db8:0:1::1')).not.toBe(networkNameOf('2001:db8::1'));
    expect(networkNameOf('::1')).not.toBe(networkNameOf('0.0.0.0'));
  });

  it('is itself where it is no address', () => {
    expect(networkNameOf('unix')).toBe('unix');
  });
});
