import { describe, expect, test } from 'vitest';
import { exists, readText } from '../repo/repository.ts';
import { DOCUMENTS, findDocument } from './documents.ts';
import { extractRows } from './extract.ts';
import { readTable } from './tables.ts';
import { titlesOf } from './titles.ts';

const known = new Map<string, ReadonlySet<string>>();
function titlesIn(file: string): ReadonlySet<string> {
  const titles = known.get(file) ?? titlesOf(readText(file));
  known.set(file, titles);
  return titles;
}

describe.each(Object.entries(DOCUMENTS))('docs/compat/%s.md', (dialect, digests) => {
  const { rows, promises, strange } = readTable(dialect);

  test('has a test for each promise', () => {
    const unproven = rows.filter(
      ({ file, title }) => !exists(file) || !/\.test\.ts$/.test(file) || !titlesIn(file).has(title),
    );

    expect(strange).toEqual([]);
    expect(unproven).toEqual([]);
  });

  test('names each promise once, and says how many there are, of which document', () => {
    const text = readText(`docs/compat/${dialect}.md`);

    expect(promises.length).toBe(new Set(promises).size);
    expect(text).toContain(`${promises.length} promises`);
    const missing = promises.length - rows.length;
    if (missing > 0) expect(text).toContain(`${missing} of them not kept yet`);
    for (const digest of digests) expect(text).toContain(digest);
  });

  const documents = digests.map(findDocument);
  test('has the promises of the document, all and in its order', ({ skip }) => {
    if (documents.includes(null)) return skip('the document is not here (VOLARY_DOCUMENTS)');
    const promised = new Set(documents.flatMap((document) => (document === null ? [] : extractRows(document))));

    expect(promises).toEqual([...promised]);
  });
});
