import { describe, expect, it } from 'vitest';
import { checkSides, isSafeName, parseSide } from './endpoint.ts';

describe('one side of a copy', () => {
  it.each([
    ['first:/etc/hostname', { kind: 'vm', ref: 'first', path: '/etc/hostname' }],
    ['first:notes.txt', { kind: 'vm', ref: 'first', path: '/root/notes.txt' }],
    ['first:', { kind: 'vm', ref: 'first', path: '/root' }],
    ['first:/a:b', { kind: 'vm', ref: 'first', path: '/a:b' }],
    ['notes.txt', { kind: 'local', path: 'notes.txt' }],
    ['./a:b', { kind: 'local', path: './a:b' }],
    ['/a:b', { kind: 'local', path: '/a:b' }],
    ['-', { kind: 'stream' }],
  ])('%s', (text, side) => {
    expect(parseSide(text)).toEqual(side);
  });

  it.each([
    ['a', 'b'],
    ['-', 'b'],
    ['a:/x', 'b:/x'],
  ])('%s and %s do not go together', (source, target) => {
    expect(() => checkSides(parseSide(source), parseSide(target))).toThrow('one side');
  });
});

describe('a name that a guest gives', () => {
  it.each(['', '.', '..', '../etc/passwd', 'a/b', 'a\0b'])('%j is not taken', (name) => {
    expect(isSafeName(name)).toBe(false);
  });

  it.each(['a', '...', '.hidden', 'a b', 'ä\n'])('%j is', (name) => {
    expect(isSafeName(name)).toBe(true);
  });
});
