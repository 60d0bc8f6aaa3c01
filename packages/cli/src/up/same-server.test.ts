import { describe, expect, it } from 'vitest';
import { isListeningOn } from './same-server.ts';

describe('a server that runs', () => {
  it.each([
    ['http://127.0.0.1:7070', '127.0.0.1:7070', true],
    ['http://127.0.0.1:7070', ':7070', true],
    ['http://127.0.0.1:7070', 'localhost:7070', true],
    ['http://127.0.0.1:7070', '0.0.0.0:7070', true],
    ['http://127.0.0.1:7070', '127.0.0.1:0', true],
    ['http://[::1]:7070', '[::1]:7070', true],
    ['http://[::1]:7070', '[::]:7070', true],
    ['http://127.0.0.1:7070', '127.0.0.1:7071', false],
    ['http://127.0.0.1:7070', '10.0.0.1:7070', false],
    ['http://127.0.0.1:7070', '10.0.0.1:0', false],
    ['http://127.0.0.1:7070', 'nonsense', false],
  ])('at %s, for --listen %s: %s', (url, listen, is) => {
    expect(isListeningOn(url, listen)).toBe(is);
  });
});
