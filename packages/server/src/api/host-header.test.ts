import { describe, expect, it } from 'vitest';
import { isLocalHostHeader } from './host-header.ts';

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
