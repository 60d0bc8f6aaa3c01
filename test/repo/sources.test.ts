import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countLines, listFiles, listWrittenFiles, ROOT, readText } from './repository.ts';
import { childrenOf, isNode, nodesOfType, parseSource, parseText, type Source } from './syntax.ts';

const MAX_LINES = 400;

/** Files that may be longer: pure tables. Each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Files that may assert types: constructors of branded ids, which make a type out of a checked string. */
const ASSERTING_FILES: ReadonlySet<string> = new Set(['packages/server/src/domain/ids.ts']);

const CODE = /\.(ts|cjs|c|h|sh)$|^volary$|(^|\/)Makefile$/;

/** These plant faults themselves. */
const PLANTERS: ReadonlySet<string> = new Set(['test/repo/sources.test.ts', 'test/repo/lint.test.ts']);

const PURE = /^packages\/server\/src\/(domain|ports|engine)\//;
const TESTS = /(\.(test|test-kit|contract|fixture)|(-contract|\/testing)\/[^/]+)\.ts$/;

function codeFiles(): readonly string[] {
  return listWrittenFiles().filter((path) => CODE.test(path));
}

function typescriptFiles(): readonly string[] {
  return codeFiles().filter((path) => path.endsWith('.ts'));
}

/** `path:line` of each line of the repository's texts that `pattern` matches. */
function linesThatMatch(pattern: RegExp): readonly string[] {
  return listWrittenFiles()
    .filter((path) => !PLANTERS.has(path))
    .flatMap((path) =>
      readText(path)
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
}

/** Matches the directories among `places` that no two machines are likely to share. */
function patternOfPlaces(places: readonly string[]): RegExp {
  const own = places.filter((path) => /^\/[^/]+\/./.test(path) && !/^\/(usr|root|opt|bin|snap)\b/.test(path));
  const quoted = own.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return quoted.length === 0 ? /(?!)/ : new RegExp(`(^|[^\\w.-])(${quoted.join('|')})([^\\w-]|$)`);
}

describe('files', () => {
  test(`have at most ${MAX_LINES} lines`, () => {
    const tooLong = codeFiles().filter((path) => !(path in LONG_FILES) && countLines(readText(path)) > MAX_LINES);

    expect(tooLong).toEqual([]);
  });

  test('that may be longer are', () => {
    const needless = Object.keys(LONG_FILES).filter((path) => countLines(readText(path)) <= MAX_LINES);

    expect(needless).toEqual([]);
  });

  test('are short as a rule: half of them up to 120 lines, nine of ten up to 300', () => {
    const lengths = codeFiles()
      .map((path) => countLines(readText(path)))
      .sort((a, b) => a - b);

    expect(lengths[Math.floor(lengths.length * 0.5)]).toBeLessThanOrEqual(120);
    expect(lengths[Math.floor(lengths.length * 0.9)]).toBeLessThanOrEqual(300);
  });

  test('have names of lower-case words and hyphens', () => {
    const odd = codeFiles().filter((path) => !/^[.a-z0-9/-]+$|(^|\/)Makefile$/.test(path));

    expect(odd).toEqual([]);
  });
});

describe('texts', () => {
  test('have no TODO without an issue', () => {
    const pattern = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b(?!\\(#\\d+\\))`);

    expect(pattern.test('// TODO: later')).toBe(true);
    expect(pattern.test('// TODO(#12): later')).toBe(false);
    expect(linesThatMatch(pattern)).toEqual([]);
  });

  test('name no directory of one machine', () => {
    const planted = patternOfPlaces(['/home/somebody/volary', '/usr/bin', '/volary']);

    expect(planted.test('see /home/somebody/volary/README.md')).toBe(true);
    expect(planted.test('see /home/somebody/volary2, /usr/bin/node and packages/volary')).toBe(false);
    expect(linesThatMatch(patternOfPlaces([ROOT, dirname(process.execPath), homedir()]))).toEqual([]);
  });

  test('that are code silence no check without saying why', () => {
    const pattern = /@ts-(ignore|nocheck|expect-error(?! \S+))|eslint-disable|biome-ignore-all|NOLINT/;

    expect(pattern.test('// @ts-expect-error')).toBe(true);
    expect(pattern.test('// @ts-expect-error a type test: the wrong id is refused')).toBe(false);
    expect(linesThatMatch(pattern).filter((line) => CODE.test(line.slice(0, line.indexOf(':'))))).toEqual([]);
  });
});

describe('sources', () => {
  const sources = typescriptFiles().map(parseSource);

  function places(source: Source, kinds: readonly string[]): readonly string[] {
    return kinds.flatMap((kind) =>
      [...nodesOfType(source.root, kind)].map((node) => `${source.path}:${source.lineOf(node)}`),
    );
  }

  const assertions = ['TsAsExpression', 'TsTypeAssertion'];

  test('assert no types besides `as const`', () => {
    const planted = parseText('planted.ts', 'const a = x as string;\nconst b = <Y>z;\nconst c = [1] as const;');

    expect(places(planted, assertions)).toEqual(['planted.ts:1', 'planted.ts:2']);
    expect(
      sources.filter(({ path }) => !ASSERTING_FILES.has(path)).flatMap((source) => places(source, assertions)),
    ).toEqual([]);
  });

  /** What a linter cannot tell apart: `new Date(at)` is pure, `new Date()` reads the clock. */
  function clockReads(source: Source): readonly string[] {
    return [...nodesOfType(source.root, 'NewExpression')]
      .filter((node) => isNamed(node['callee'], 'Date') && !hasItems(node['arguments']))
      .map((node) => `${source.path}:${source.lineOf(node)}`);
  }

  test('of the core do not read the clock', () => {
    const planted = parseText('planted.ts', 'new Date();\nnew Date(0);\nnew Map();');

    expect(clockReads(planted)).toEqual(['planted.ts:1']);
    expect(sources.filter(({ path }) => PURE.test(path) && !TESTS.test(path)).flatMap(clockReads)).toEqual([]);
  });

  /** A barrel makes one idea reachable by two paths, and everything beside it a dependency. */
  test('have no file that only exports others, besides the index of a package', () => {
    const barrels = sources.filter(({ path, root }) => {
      const kinds = childrenOf(root, 'body').map((statement) => (isNode(statement) ? statement.type : ''));
      const [, ...rest] = kinds; // the first one is the parser's
      const isExport = (kind: string) => kind === 'ExportAllDeclaration' || kind === 'ExportNamedDeclaration';
      return !/^packages\/[^/]+\/src\/index\.ts$/.test(path) && rest.length > 0 && rest.every(isExport);
    });

    expect(barrels.map(({ path }) => path)).toEqual([]);
  });
});

function isNamed(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && 'value' in value && value.value === name;
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

test('the rules are about files that are there', () => {
  const paths = new Set(listFiles());

  expect([...Object.keys(LONG_FILES), ...ASSERTING_FILES, ...PLANTERS].filter((path) => !paths.has(path))).toEqual([]);
  expect(typescriptFiles().length).toBeGreaterThan(300);
});
