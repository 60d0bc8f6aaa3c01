import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SOURCES, type Source } from './setting-sources.ts';

const GUIDE = readFileSync(new URL('../../../../docs/guide/settings.md', import.meta.url), 'utf8');

it('docs/guide/settings.md has a row for each setting, with its names, and no other rows', () => {
  const rows = [...GUIDE.matchAll(/^\| ([^|]*)\| ([^|]*)\| ([^|]*)\|/gm)]
    .map((row) => row.slice(1).map((cell) => cell.trim().replaceAll('`', '')))
    .filter(([first]) => first !== 'in the file');

  const settings: readonly Source[] = Object.values(SOURCES);
  const expected = settings.map(({ file, env, flag }) => [file ?? '', env ?? '', flag === null ? '' : `--${flag}`]);
  expect(rows.map((row) => row.join(' | ')).sort()).toEqual(expected.map((row) => row.join(' | ')).sort());
});
