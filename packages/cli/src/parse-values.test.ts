import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  collectEnvironment,
  collectList,
  collectPairs,
  parseCount,
  parseDiskGib,
  parseDurationMs,
  parseMemoryMib,
} from './parse-values.ts';

describe('sizes', () => {
  it.each([
    ['512', 512],
    ['512m', 512],
    ['512MiB', 512],
    ['2g', 2048],
    ['1.5GB', 1536],
    ['1t', 1_048_576],
  ])('memory %s is %i MiB', (text, mib) => {
    expect(parseMemoryMib(text)).toBe(mib);
  });

  it.each([
    ['8', 8],
    ['20g', 20],
    ['1T', 1024],
  ])('disk %s is %i GiB', (text, gib) => {
    expect(parseDiskGib(text)).toBe(gib);
  });

  it.each(['', 'x', '3x', '-1', '0.3', '1 g 2', '1e3'])('memory %j is none', (text) => {
    expect(() => parseMemoryMib(text)).toThrow('MiB');
  });
});

describe('times', () => {
  it.each([
    ['30', 30_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['2h', 7_200_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(['', 's', '5 days', '-1s'])('%j is none', (text) => {
    expect(() => parseDurationMs(text)).toThrow('time');
  });
});

describe('counts', () => {
  it('has a least value', () => {
    expect(parseCount(1)('1')).toBe(1);
    expect(() => parseCount(1)('0')).toThrow('at least 1');
    expect(() => parseCount(0)('1.5')).toThrow('whole');
  });
});

describe('repeated options', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('gathers pairs; a value may hold anything, the last one of a key wins', () => {
    expect(collectPairs('a=2', collectPairs('b=x=y', collectPairs('a=1')))).toEqual({ a: '2', b: 'x=y' });
    expect(() => collectPairs('=1')).toThrow('KEY=VALUE');
    expect(() => collectPairs('a')).toThrow('KEY=VALUE');
  });

  it('takes a variable without a value from our own environment', () => {
    vi.stubEnv('VOLARY_TEST_PRESENT', 'here');

    expect(collectEnvironment('VOLARY_TEST_PRESENT', { A: '' })).toEqual({ A: '', VOLARY_TEST_PRESENT: 'here' });
    expect(collectEnvironment('VOLARY_TEST_ABSENT')).toEqual({});
    expect(collectEnvironment('A=')).toEqual({ A: '' });
  });

  it('gathers lists, with or without commas', () => {
    expect(collectList('c', collectList('a,b'))).toEqual(['a', 'b', 'c']);
  });
});
