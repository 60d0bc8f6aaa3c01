import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseCatalogue, placesOf, readCatalogue } from './catalogue.ts';

const OWN = new URL('../../../../../guest/tools/catalogue.yaml', import.meta.url).pathname;
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'catalogue-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

const MINE = `
tools:
  mine:
    description: A tool of one's own
    sources:
      - {name: here, kind: url, url: "https://tools.example.org:8443/mine-{version}.tar.gz", versions: {1.0.0: ${'a'.repeat(64)}}, bin: {mine: bin/mine}}
  git:
    description: Another git
    sources: [{name: npm, kind: npm, package: my-git, bin: {git: bin/git}}]
`;

test('ours has the tools that it should, and names where they come from', async () => {
  const catalogue = await readCatalogue(OWN, join(directory, 'none.yaml'));

  expect([...catalogue.keys()]).toEqual(['nodejs', 'bun', 'claude-code', 'git', 'python', 'go', 'rust', 'cloud-init']);
  expect(placesOf(catalogue)).toEqual(['github.com:443', 'dl.google.com:443', 'static.rust-lang.org:443']);
});

test("the operator's entries are added, and replace ours of the same name", async () => {
  const path = join(directory, 'tools.yaml');
  writeFileSync(path, MINE);

  const catalogue = await readCatalogue(OWN, path);

  expect(catalogue.get('git')?.description).toBe('Another git');
  expect(catalogue.get('mine')?.sources[0]).toMatchObject({ kind: 'url' });
  expect(catalogue.has('nodejs')).toBe(true);
  expect(placesOf(catalogue)).toContain('tools.example.org:8443');
});

const entry = (source: string): string => `tools: {one: {description: d, sources: [${source}]}}`;

test.each([
  ['not YAML', 'tools: [', /cannot be used/],
  ['no tools', 'others: {}', /no "tools"/],
  ['no description', 'tools: {one: {sources: []}}', /tools\.one needs a description and sources/],
  ['no source', 'tools: {one: {description: d, sources: []}}', /tools\.one needs/],
  ['a kind that there is not', entry('{name: a, kind: ftp, bin: {}}'), /tools\.one\.sources\[0\]/],
  ['a package that looks like an option', entry('{name: a, kind: npm, package: --evil, bin: {}}'), /sources\[0\]/],
  ['a command outside the pack', entry('{name: a, kind: npm, package: b, bin: {x: ../../etc/passwd}}'), /sources\[0\]/],
  ['an absolute command', entry('{name: a, kind: npm, package: b, bin: {x: /bin/sh}}'), /sources\[0\]/],
  ['another scheme', entry('{name: a, kind: url, url: "file:///etc/x", versions: {}, bin: {}}'), /sources\[0\]/],
  [
    'a name that is none',
    'tools: {"../x": {description: d, sources: [{name: a, kind: npm, package: b, bin: {}}]}}',
    /no name/,
  ],
  [
    'a bomb of aliases',
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\ntools: {one: *c}`,
    /cannot be used/,
  ],
])('%s is refused, and said where', (_what, content, said) => {
  expect(() => parseCatalogue(content, 'tools.yaml')).toThrow(said);
  expect(() => parseCatalogue(content, 'tools.yaml')).toThrow(
    expect.objectContaining({ reason: 'tool.bad_catalogue' }),
  );
});
