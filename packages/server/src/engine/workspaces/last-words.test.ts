import { describe, expect, it } from 'vitest';
import { lastWords } from './last-words.ts';

const ESC = String.fromCharCode(0x1b);
const words = (text: string, secrets: readonly string[] = []): string =>
  lastWords(new TextEncoder().encode(text), secrets);

describe('the last words of a command', () => {
  it('are its last lines, without what steers a terminal', () => {
    expect(words(`one\n${ESC}[31mtwo${ESC}[0m\n\n  three \r\n`)).toBe('one\ntwo\nthree');
    expect(words('a\nb\nc\nd\ne\nf\ng\n')).toBe('b\nc\nd\ne\nf\ng');
    expect(words('x'.repeat(5_000))).toHaveLength(600);
    expect(words('')).toBe('');
  });

  it('hold no secret, whole or by its lines, nor the password of an address', () => {
    expect(words('it was t0psecret, t0psecret', ['t0psecret'])).toBe('it was ***, ***');
    expect(words('t0ps\u001b[1mecret', ['t0psecret'])).toBe('***');
    expect(words('trimmed', ['trimmed\n'])).toBe('***');
    expect(words('tail of it: second-line-of-a-key', ['first-line-of-a-key\nsecond-line-of-a-key\n'])).toBe(
      'tail of it: ***',
    );
    expect(words('longer first', ['long', 'longer'])).toBe('*** first');
    expect(words('fatal: https://ann:pw@example.com/x')).toBe('fatal: https://***@example.com/x');
    expect(words('too short to hide: a', ['a'])).toBe('too short to hide: a');
  });
});
