import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newestOf, parseRange } from './version-range.ts';

const IN: readonly (readonly [string, string, string])[] = [
  // Range, one that is in it, one that is not.
  ['20', '20.19.5', '21.0.0'],
  ['20', '20.0.0', '20.0.0-rc.1'],
  ['v20', '20.1.0', '19.9.9'],
  ['1.4', '1.4.9', '1.5.0'],
  ['1.4.x', '1.4.0', '1.3.9'],
  ['1.4.2', '1.4.2', '1.4.3'],
  ['=1.4.2', '1.4.2', '1.4.1'],
  ['^1.4.2', '1.9.0', '2.0.0'],
  ['^1.4.2', '1.4.2', '1.4.1'],
  ['^0.4.2', '0.4.9', '0.5.0'],
  ['^0.0.3', '0.0.3', '0.0.4'],
  ['~1.4.2', '1.4.9', '1.5.0'],
  ['~1', '1.9.0', '2.0.0'],
  ['>=1.2 <2', '1.9.9', '2.0.0'],
  ['>= 1.2', '1.2.0', '1.1.9'],
  ['>1.2', '1.3.0', '1.2.9'],
  ['<=1.2', '1.2.9', '1.3.0'],
  ['<2', '1.9.9', '2.0.0'],
  ['<2', '1.9.9', '2.0.0-rc.1'],
  ['16 || 18', '18.2.0', '17.0.0'],
  ['*', '7.0.0', '7.0.0-beta'],
  ['1.0.0-rc.1', '1.0.0-rc.1', '1.0.0-rc.2'],
  ['>=1.0.0-rc.1', '1.0.0-rc.2', '1.0.1-rc.1'],
  ['2.39', '2.39.5+0.deb12u3', '2.40.0'],
];

test.each(IN)('%s: %s is in it, %s is not', (range, inside, outside) => {
  const isIn = parseRange(range);

  expect([isIn?.(inside), isIn?.(outside)]).toEqual([true, false]);
});

test.each(['', ' ', 'latest'].slice(2).concat(['1.2.3.4', '^', '>', '1..2', 'a.b', '1.2.3 banana', '--help']))(
  '%s is none',
  (text) => {
    expect(parseRange(text)).toBeNull();
  },
);

test('the newest is that of the greatest numbers, and of two builds of one version one is always meant', () => {
  expect(newestOf(['1.9.0', '1.10.0', '1.2.0'])).toBe('1.10.0');
  expect(newestOf(['1.0.0', '1.1.0-rc.1', 'no version'], parseRange('1') ?? undefined)).toBe('1.0.0');
  expect(newestOf(['1.0.0+1', '1.0.0+2'])).toBe(newestOf(['1.0.0+2', '1.0.0+1']));
  expect(newestOf(['2.0.0'], parseRange('1') ?? undefined)).toBeNull();
});

const part = fc.nat(30);

test('an exact version is a range that has itself, and its minor and major ranges have it too', () => {
  fc.assert(
    fc.property(part, part, part, (major, minor, patch) => {
      const version = `${major}.${minor}.${patch}`;
      for (const range of [
        version,
        `${major}.${minor}`,
        `${major}`,
        `^${version}`,
        `~${version}`,
        `>=${version}`,
        `<=${version}`,
      ])
        expect(`${range} ${parseRange(range)?.(version)}`).toBe(`${range} true`);
      expect(parseRange(`>${version}`)?.(version)).toBe(false);
      expect(parseRange(`<${version}`)?.(version)).toBe(false);
    }),
  );
});
