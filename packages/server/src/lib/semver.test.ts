import { describe, expect, it } from 'vitest';
import { compareSemver, parseSemver, type Semver } from './semver.ts';

const semver = (text: string): Semver => {
  const parsed = parseSemver(text);
  if (parsed === null) throw new Error(`${text} is no version`);
  return parsed;
};

describe('semantic versions', () => {
  it('are ordered as the standard orders them', () => {
    // The chain of its section 11, and what surrounds it.
    const inOrder = [
      ...['0.9.12', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'],
      ...['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2', '1.10.0', 'v2', '10.0.0'],
    ];

    const sorted = [...inOrder].reverse().sort((a, b) => compareSemver(semver(a), semver(b)));

    expect(sorted).toEqual(inOrder);
  });

  it('are equal whatever build they are of, and with or without what is zero', () => {
    expect(compareSemver(semver('1.2.0+a'), semver('1.2.0+b'))).toBe(0);
    expect(compareSemver(semver('1.2'), semver('v1.2.0'))).toBe(0);
  });

  it('are not whatever people call versions', () => {
    for (const text of ['', 'latest', '1.2.3.4', '1..2', '1.2-', '-1', `${'9'.repeat(16)}.0.0`])
      expect(parseSemver(text), text).toBeNull();
  });
});
