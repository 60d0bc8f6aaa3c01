import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchorsOf, linksOf, listDocuments, pathsNamedIn } from './markdown.ts';
import { exists, isFolder, listFiles, readText } from './repository.ts';

/** Documents that a reader looks for by name. */
const EXPECTED = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'COMPATIBILITY.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SCOPE.md',
  'SECURITY.md',
  'SPECIFICATION.md',
  'STYLE.md',
  'docs/adr/README.md',
  'docs/errors.md',
  'docs/glossary.md',
];

/** Paths that exist only where the program was run or built. */
const MADE_BY_RUNNING = /^guest\/agent\/build(\/|$)/;

test('the expected documents are there', () => {
  expect(EXPECTED.filter((path) => !exists(path))).toEqual([]);
});

describe('each document', () => {
  test('has links that lead somewhere', () => {
    const broken = listDocuments()
      .flatMap((document) => linksOf(document))
      .filter(({ to, anchor }) => {
        if (!exists(to)) return true;
        return anchor !== '' && to.endsWith('.md') && !anchorsOf(readText(to)).has(anchor);
      });

    expect(broken).toEqual([]);
  });

  test('names paths that exist', () => {
    const gone = listDocuments().flatMap((document) =>
      pathsNamedIn(readText(document))
        .filter((path) => !exists(path) && !exists(join(dirname(document), path)) && !MADE_BY_RUNNING.test(path))
        .map((path) => `${document}: ${path}`),
    );

    expect(gone).toEqual([]);
  });

  test('can be reached from the README by links', () => {
    const reached = new Set<string>();
    const waiting = ['README.md'];
    for (let document = waiting.pop(); document !== undefined; document = waiting.pop()) {
      if (reached.has(document) || !document.endsWith('.md') || !exists(document)) continue;
      reached.add(document);
      waiting.push(...linksOf(document).map(({ to }) => to));
    }

    expect(listDocuments().filter((document) => !reached.has(document))).toEqual([]);
  });

  test('has one title, on its first line', () => {
    const odd = listDocuments().filter((document) => {
      const text = readText(document).replace(/^ *```[\s\S]*?^ *```$/gm, '');
      return !text.startsWith('# ') || [...text.matchAll(/^# /gm)].length !== 1;
    });

    expect(odd).toEqual([]);
  });
});

describe('what is read in a document', () => {
  test('are its links, not those in code', () => {
    const text = '[a](b.md) `[c](d.md)` [e](https://example.org) [f](../g/h.md#i)\n```\n[j](k.md)\n```\n';

    expect(linksOf('docs/x.md', text)).toEqual([
      { from: 'docs/x.md', to: 'docs/b.md', anchor: '' },
      { from: 'docs/x.md', to: 'g/h.md', anchor: 'i' },
    ]);
  });

  test('are its headings and the paths it names', () => {
    expect([...anchorsOf('# A `b_c`: d\n## [E](f) 2\n')]).toEqual(['a-b_c-d', 'e-2']);
    expect(pathsNamedIn('`packages/a.ts` `packages/<x>` `docs/` `packages/*.ts` `x/y`')).toEqual([
      'packages/a.ts',
      'docs',
    ]);
  });
});

describe('ARCHITECTURE.md', () => {
  test('opens with the walk through the layers', () => {
    const text = readText('ARCHITECTURE.md');
    const walk = text.slice(0, text.indexOf('## The picture'));

    for (const layer of [
      'packages/cli/',
      'api/v1',
      'engine/operations/create-vm.ts',
      'ports/driver.ts',
      'adapters/drivers/qemu',
    ]) {
      expect(walk).toContain(layer);
    }
  });

  test.each(['engine', 'ports', 'adapters'])('has in its picture all that is in %s', (layer) => {
    const text = readText('ARCHITECTURE.md');
    const picture = new Set(/^ {2} api\/[\s\S]*?^```$/m.exec(text)?.[0].match(/[a-z]+(-[a-z]+)*/g));
    const parts = listFiles().flatMap((path) => {
      const [, part = ''] = new RegExp(`^packages/server/src/${layer}/([^/]+)/`).exec(path) ?? [];
      const [, port = ''] = /^packages\/server\/src\/ports\/([a-z-]+)\.ts$/.exec(path) ?? [];
      return [layer === 'ports' ? port : part].filter((name) => name !== '');
    });

    expect(parts.length).toBeGreaterThan(10);
    expect([...new Set(parts)].filter((part) => !picture.has(part))).toEqual([]);
  });
});

describe('the decision records', () => {
  const records = listFiles().filter((path) => /^docs\/adr\/\d{4}-.*\.md$/.test(path));

  test('are numbered one after the other', () => {
    const numbers = records.map((path) => Number(/(\d{4})-/.exec(path)?.[1]));

    expect(numbers).toEqual(numbers.map((_number, index) => index));
  });

  test.each(records)('%s has the parts of the template', (path) => {
    const text = readText(path);
    const sections = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);

    expect(text).toMatch(
      new RegExp(
        `^# ${/\d{4}/.exec(path)?.[0]}: .+\n\n(Proposed|Accepted|Superseded by .+), \\d{4}-\\d\\d-\\d\\d\\.\n`,
      ),
    );
    expect(sections).toEqual(['Context', 'Decision', 'Consequences', 'Alternatives']);
  });
});

describe('SPECIFICATION.md', () => {
  /** Promises are rows of tables; the first two lines of each table are its head. */
  function promises(): readonly string[] {
    const lines = readText('SPECIFICATION.md').split('\n');
    return lines.filter(
      (line, index) =>
        /^\|/.test(line) && !/^\|[\s:|-]+\|$/.test(line) && !/^\|[\s:|-]+\|$/.test(lines[index + 1] ?? ''),
    );
  }

  test('links each promise to what proves it', () => {
    const proof = /(\.test\.ts|\.contract\.ts|\/test\/test-[a-z-]+\.c|^bench\/[a-z-]+\.ts)$/;
    const unproven = promises().filter(
      (promise) =>
        !linksOf('SPECIFICATION.md', promise).some(({ to }) => proof.test(to) && exists(to) && !isFolder(to)),
    );

    expect(promises().length).toBeGreaterThan(10);
    expect(unproven).toEqual([]);
  });
});
