import { describe, expect, it } from 'vitest';
import { isFromHere, isLocalHostHeader, isOwnHost } from './host-header.ts';

describe('a Host header', () => {
  it.each(['localhost', 'LocalHost:7070', '127.0.0.1', '127.0.0.1:80', '127.9.9.9', '[::1]', '[::1]:7070'])(
    '%s is of this machine',
    (host) => {
      expect(isLocalHostHeader(host)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    'rebound.example',
    'localhost.example',
    'localhost.',
    'localhost:80:80',
    'localhost@rebound.example',
    'rebound.example:localhost',
    '127.0.0.1.example',
    '127.0.0.1.nip.io:7070',
    '127.1',
    '0x7f.0.0.1',
    '0.0.0.0',
    '192.0.2.1',
    '[::]',
    '::1',
    '[::1',
    'x localhost',
  ])('%j is not', (host) => {
    expect(isLocalHostHeader(host)).toBe(false);
  });
});

describe('a connection', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.1'],
    ['::1', '::1'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    // By the machine's own address in a network.
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
  ])('from %s to %s is this machine’s own', (remoteAddress, localAddress) => {
    expect(isFromHere({ remoteAddress, localAddress })).toBe(true);
  });

  it.each([
    ['192.0.2.8', '192.0.2.7'],
    ['2001:db8::8', '2001:db8::7'],
    ['192.0.2.8', undefined],
    [undefined, undefined],
  ])('from %s to %s is not', (remoteAddress, localAddress) => {
    expect(isFromHere({ remoteAddress, localAddress })).toBe(false);
  });

  it('is to this machine where the Host is the address that was called, and no name', () => {
    const localAddress = '192.0.2.7';

    for (const host of ['192.0.2.7', '192.0.2.7:7070', 'localhost:7070'])
      expect(isOwnHost(host, { localAddress })).toBe(true);
    for (const host of ['192.0.2.8', 'rebound.example', '192.0.2.7.nip.io', '', undefined])
      expect(isOwnHost(host, { localAddress })).toBe(false);
    expect(isOwnHost('[2001:db8::7]:7070', { localAddress: '2001:db8::7' })).toBe(true);
  });
});
