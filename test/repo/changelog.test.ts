import { expect, test } from 'vitest';
import { readText } from './repository.ts';

const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

/** What is wrong with a changelog; empty when it is in the form of Keep a Changelog. */
function findFaults(text: string): readonly string[] {
  const faults: string[] = [];
  const releases = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1] ?? '');
  if (!text.startsWith('# Changelog\n')) faults.push('does not begin with "# Changelog"');
  if (releases[0] !== '[Unreleased]') faults.push('the first release is not [Unreleased]');
  for (const release of releases.slice(1)) {
    if (!/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/.test(release))
      faults.push(`"${release}" is not "[1.2.3] - 2026-01-31"`);
  }
  const dates = releases.slice(1).map((release) => release.slice(-10));
  if (dates.some((date, index) => index > 0 && date > (dates[index - 1] ?? ''))) faults.push('the newest is not first');
  for (const section of text.split(/^### /m).slice(1)) {
    const [kind = '', ...lines] = section.split('\n');
    if (!KINDS.includes(kind)) faults.push(`"${kind}" is none of ${KINDS.join(', ')}`);
    const entries = lines.slice(0, lines.findIndex((line) => line.startsWith('## ')) >>> 0);
    if (!entries.some((line) => line.startsWith('- '))) faults.push(`"${kind}" has no entries`);
  }
  return faults;
}

test('CHANGELOG.md is in the form of Keep a Changelog', () => {
  expect(findFaults(readText('CHANGELOG.md'))).toEqual([]);
});

test.each([
  ['# Changes\n\n## [Unreleased]\n', 'does not begin'],
  ['# Changelog\n\n## [1.0.0] - 2026-01-31\n', 'not [Unreleased]'],
  ['# Changelog\n\n## [Unreleased]\n\n## 1.0\n', '"1.0" is not'],
  ['# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n## [1.1.0] - 2026-02-01\n', 'newest is not first'],
  ['# Changelog\n\n## [Unreleased]\n\n### News\n\n- x\n', '"News" is none of'],
  ['# Changelog\n\n## [Unreleased]\n\n### Added\n\n## [1.0.0] - 2026-01-01\n\n- x\n', '"Added" has no entries'],
])('a fault is found in %j', (text, fault) => {
  expect(findFaults(text).join('\n')).toContain(fault);
});
