import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../webhook/target.ts';
import { hostOf, isLocalLiteral, isTargetAllowed, parseAllowedTargets } from './target.ts';

const NOTHING = parseAllowedTargets('');

/** Whether a URL whose host is an address may be a webhook's. */
function isAllowed(text: string, allowed = ''): boolean {
  const url = parseTarget(text);
  return isTargetAllowed(url, hostOf(url), parseAllowedTargets(allowed));
}

describe('an address that a webhook may not lead to', () => {
  it.each([
    // Other spellings of 127.0.0.1, as URLs have them.
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://017700000001/',
    'http://%31%32%37.0.0.1/',
    'http://１２７.0.0.1/',
    'http://127.255.255.254/',
    'http://0/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://100.64.0.1/',
    'http://100.127.255.255/',
    'http://169.254.169.254/latest/meta-data/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.0.0.192/',
    'http://192.168.1.1/',
    'http://198.18.0.1/',
    'http://203.0.113.7/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[fc00::1]/',
    'http://[fdff::1]/',
    'http://[fe80::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://[2001:db8::1]/',
    'http://[2001::1]/',
    'http://[3fff::1]/',
    'http://[64:ff9b:1::a00:1]/',
    // Of IPv4, inside of IPv6.
    'http://[::127.0.0.1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[::ffff:0:10.0.0.1]/',
    'http://[64:ff9b::10.0.0.1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[2002:a00:1::1]/',
    'http://[2002:7f00:1::]/',
  ])('%s', (url) => {
    expect(isAllowed(url)).toBe(false);
  });

  it('is also what is no address at all', () => {
    for (const address of ['', 'localhost', '127.1', '0x7f.1', 'fe80::1::2'])
      expect(isTargetAllowed(new URL('http://a.example/'), address, NOTHING)).toBe(false);
  });

  it('is each one of the special ranges, in each form that leads there', () => {
    const special = ['10.0.0.0', '127.0.0.0', '169.254.0.0', '192.168.0.0'];
    fc.assert(
      fc.property(fc.constantFrom(...special), fc.nat(0xffff), (start, below) => {
        const [a = '', b = ''] = start.split('.');
        const address = `${a}.${b}.${below >> 8}.${below & 255}`;
        for (const form of [address, `[::ffff:${address}]`, `[64:ff9b::${address}]`, `[::${address}]`])
          expect(isAllowed(`http://${form}/`), form).toBe(false);
      }),
    );
  });
});

describe('an address that it may lead to', () => {
  it.each([
    'https://1.1.1.1/',
    'http://8.8.8.8:8080/',
    'http://100.63.255.255/',
    'http://172.32.0.1/',
    'http://[2606:4700::1111]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[64:ff9b::8.8.8.8]/',
  ])('%s', (url) => {
    expect(isAllowed(url)).toBe(true);
  });

  it.each([
    ['http://10.1.2.3/', '10.0.0.0/8', true],
    ['http://[::ffff:10.1.2.3]/', '10.0.0.0/8', true],
    ['http://11.1.2.3/', '10.0.0.0/8', true],
    ['http://192.168.0.1/', '10.0.0.0/8', false],
    ['http://[fd00::1]/', '10.0.0.0/8, fd00::/8', true],
    ['http://127.0.0.1:8443/', '127.0.0.1:8443', true],
    ['http://127.1:8443/', '127.0.0.1:8443', true],
    ['http://127.0.0.1:8444/', '127.0.0.1:8443', false],
    ['https://127.0.0.1/', '127.0.0.1:443', true],
    ['http://127.0.0.1/', '127.0.0.1:443', false],
    ['http://[::1]:90/', '[::1]:90', true],
  ])('%s, where %j is allowed: %s', (url, allowed, expected) => {
    expect(isAllowed(url, allowed)).toBe(expected);
  });

  it('is any at all of a place that is allowed by its name, and of no other place', () => {
    const allowed = parseAllowedTargets('Hooks.LAN:8443');

    expect(isTargetAllowed(new URL('https://hooks.lan:8443/x'), '10.0.0.1', allowed)).toBe(true);
    expect(isTargetAllowed(new URL('https://hooks.lan/x'), '10.0.0.1', allowed)).toBe(false);
    expect(isTargetAllowed(new URL('https://other.lan:8443/x'), '10.0.0.1', allowed)).toBe(false);
  });
});

describe('a URL', () => {
  it.each([
    'ftp://a.example/',
    'file:///etc/passwd',
    'unix:/run/x.sock',
    '/relative',
    'http://',
    'http://user@a.example/',
    'http://:secret@a.example/',
    'http://a.example:0/',
    'http://a.example:65536/',
  ])('%s is refused', (text) => {
    expect(() => parseTarget(text)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', reason: 'webhook.invalid_url' }),
    );
  });
});

describe('the list of what is allowed', () => {
  it.each(['hooks.lan', '10.0.0.0/40', 'http://a:1', 'a:0', 'a:1/x', 'u@a:1', 'a:1#'])('has no %j', (entry) => {
    expect(() => parseAllowedTargets(`10.0.0.0/8, ${entry}`)).toThrow(`"${entry}"`);
  });
});

describe('an address that is meant by who writes it', () => {
  it.each([
    ['http://127.0.0.1:8000/', true],
    ['http://[::1]/', true],
    ['http://10.1.2.3/', true],
    ['https://192.168.1.1/', true],
    ['http://[fd00::1]/', true],
    ['http://localhost/', false],
    ['http://169.254.169.254/', false],
    ['http://[fe80::1]/', false],
    ['http://8.8.8.8/', false],
    ['http://images.example/', false],
  ])('%s: %s', (url, isLocal) => {
    expect(isLocalLiteral(new URL(url))).toBe(isLocal);
  });
});
