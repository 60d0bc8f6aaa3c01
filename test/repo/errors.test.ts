import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../packages/server/src/domain/errors.ts';
import { type FoundReason, findReasons, type Reasons } from './reasons.ts';
import { listFiles, readText } from './repository.ts';
import { parseSource, parseText } from './syntax.ts';

/*
 * docs/errors.md has a heading of the second level for each code, in the order of domain/errors.ts, and below it a table
 * whose rows begin with a reason: | `vm.unknown` | meaning | what to do |. Reasons that only the command line or the SDK
 * give stand below headings of their own.
 */

const PROGRAMS = /^packages\/(server|cli|sdk)\/src\/.*\.ts$/;
const NO_PROGRAM = /(\.(d|test|test-kit|contract|fixture)|(-contract|\/testing)\/[^/]+)\.ts$/;

interface DocumentedReason {
  readonly heading: string;
  readonly reason: string;
}

function reasonsOfPrograms(): Reasons {
  const all = listFiles()
    .filter((path) => PROGRAMS.test(path) && !NO_PROGRAM.test(path))
    .map((path) => findReasons(parseSource(path)));
  return {
    found: all.flatMap(({ found }) => found),
    lookedUp: all.flatMap(({ lookedUp }) => lookedUp),
    computed: all.flatMap(({ computed }) => computed),
  };
}

/** Read once: parsing every program takes a second. */
const programs = reasonsOfPrograms();

function readErrorsDocument(): { readonly headings: readonly string[]; readonly reasons: readonly DocumentedReason[] } {
  const headings: string[] = [];
  const reasons: DocumentedReason[] = [];
  for (const line of readText('docs/errors.md').split('\n')) {
    const heading = /^## (.+)$/.exec(line)?.[1]?.replaceAll('`', '');
    if (heading !== undefined) headings.push(heading);
    const reason = /^\| `([a-z0-9_.]+)` \|/.exec(line)?.[1];
    if (reason !== undefined) reasons.push({ heading: headings.at(-1) ?? '', reason });
  }
  return { headings, reasons };
}

function reasonsIn(text: string): readonly FoundReason[] {
  return findReasons(parseText('planted.ts', text)).found;
}

describe('docs/errors.md', () => {
  test('has a heading for each code', () => {
    const codes: ReadonlySet<string> = new Set(ERROR_CODES);

    expect(readErrorsDocument().headings.filter((heading) => codes.has(heading))).toEqual([...ERROR_CODES]);
  });

  test('lists each reason that programs give, and no other', () => {
    const documented = new Set(readErrorsDocument().reasons.map(({ reason }) => reason));
    const { found } = programs;
    const given = new Set(found.map(({ reason }) => reason));

    const missing = found.filter(({ reason }) => !documented.has(reason));
    const gone = [...documented].filter((reason) => !given.has(reason));

    expect({ missing, gone }).toEqual({ missing: [], gone: [] });
  });

  test('lists a reason below each code that it comes with', () => {
    const documented = new Set(readErrorsDocument().reasons.map(({ heading, reason }) => `${heading} ${reason}`));

    const misplaced = programs.found.filter(
      ({ reason, code }) => code !== undefined && !documented.has(`${code} ${reason}`),
    );

    expect(misplaced).toEqual([]);
  });
});

test('no program puts a reason together at run time', () => {
  expect(programs.computed).toEqual([]);
});

test('no program looks for a reason that nobody gives', () => {
  const { found, lookedUp } = programs;
  const given = new Set(found.map(({ reason }) => reason));

  expect(lookedUp.length).toBeGreaterThan(10);
  expect(lookedUp.filter(({ reason }) => !given.has(reason))).toEqual([]);
});

describe('a reason is found', () => {
  test('with its code, as a property of a VolaryError', () => {
    const text = "\nthrow new VolaryError('not_found', `x`, { reason: 'vm.unknown' });";

    expect(reasonsIn(text)).toEqual([{ reason: 'vm.unknown', code: 'not_found', place: 'planted.ts:2' }]);
  });

  test('with its code, as a property beside it', () => {
    expect(reasonsIn("const x = { code: 'conflict', reason: 'a.b' };")).toEqual([
      { reason: 'a.b', code: 'conflict', place: 'planted.ts:1' },
    ]);
  });

  test.each([
    ['either branch', "f({ reason: isLost ? 'a.b' : 'c.d' })", ['a.b', 'c.d']],
    ['an argument', "f(1, 'a.b'); function f(vm: number, reason: string): void {}", ['a.b']],
    ['a named table', "const REASONS = { x: 'a.b', y: ['c.d', 'Text.'] };", ['a.b', 'c.d']],
    ['a labelled tuple', "const T: Map<string, [reason: string]> = new Map([['X', ['a.b']]]);", ['a.b']],
    ['a tuple taken apart', "const [reason, message] = find() ?? ['a.b', 'Text.'];", ['a.b']],
    ['an assignment', "this.reason = given ?? 'a.b';", ['a.b']],
    ['nothing else', "emit({ type: 'vm.started', path: 'a.b' }, 'c.d');", []],
  ])('as %s', (_name, text, expected) => {
    expect(reasonsIn(text).map(({ reason }) => reason)).toEqual(expected);
  });

  test('to be looked up', () => {
    const text = "if (error.reason === 'a.b') f();\nconst HINT_BY_REASON = { 'c.d': 'do x' };";
    const { found, lookedUp } = findReasons(parseText('planted.ts', text));

    expect(found).toEqual([]);
    expect(lookedUp.map(({ reason }) => reason).sort()).toEqual(['a.b', 'c.d']);
  });

  test('to be computed', () => {
    const { computed } = findReasons(parseText('planted.ts', 'f({ reason: `vm.${cause}` });'));

    expect(computed).toEqual(['planted.ts:1']);
  });
});
