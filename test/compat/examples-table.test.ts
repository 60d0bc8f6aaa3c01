import { expect, test } from 'vitest';
import { exists, readText } from '../repo/repository.ts';
import { DOCUMENTS, findDocument } from './documents.ts';
import { programsIn } from './examples.ts';
import { readTable } from './tables.ts';

/* docs/compat/examples.md: each program of the documents with the test that runs it, or why nothing does. */

const { rows, strange } = readTable('examples');
const NOT_RUN = /^\| `([^`]+)` \| — not run: .+ \|$/;

test('each program that is said to be run is run by a test', () => {
  const unproven = rows.filter(({ file, title }) => !exists(file) || !readText(file).includes(title));

  expect(rows.length).toBeGreaterThan(0);
  expect(unproven).toEqual([]);
  expect(strange.filter((line) => !NOT_RUN.test(line))).toEqual([]);
});

test('each program of the documents is there once, in their order', ({ skip }) => {
  const documents = Object.entries(DOCUMENTS).flatMap(([dialect, digests]) =>
    digests.map((digest) => ({ dialect, text: findDocument(digest) })),
  );
  if (documents.some(({ text }) => text === null)) return skip('the documents are not here (VOLARY_DOCUMENTS)');
  const programs = documents.flatMap(({ dialect, text }) =>
    programsIn(text ?? '').map(({ language, title }) => `${dialect}, ${language}: ${title}`),
  );
  const named = readText('docs/compat/examples.md')
    .split('\n')
    .flatMap((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? []);

  expect(named).toEqual(programs);
});
