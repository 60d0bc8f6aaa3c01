import { describe, expect, it } from 'vitest';
import { runStage, type StageResult } from './run-stage.ts';
import { joinResults, secondLook, unsteadyFiles } from './second-look.ts';
import type { Tally } from './tally.ts';

const count = (passed: number, failed: number, skipped = 0): Tally => ({ passed, failed, skipped });

function result(tally: Tally, files: Readonly<Record<string, Tally>> = {}): StageResult {
  return {
    stage: {
      name: 'unit tests',
      argv: ['vitest', 'run', '--coverage', '--coverage.reportsDirectory=x'],
      kind: 'tests',
    },
    seconds: 10,
    isOk: tally.failed === 0,
    tally,
    failedFiles: Object.entries(files).map(([path, of]) => ({ path, tally: of })),
  };
}

describe('a second look', () => {
  it('is at the failed files alone', () => {
    const first = result(count(90, 3), { 'a/x.test.ts': count(2, 1), 'b/y.test.ts': count(0, 2) });

    expect(secondLook(first)).toEqual({
      name: 'unit tests, once more: x.test.ts y.test.ts',
      argv: ['vitest', 'run', 'a/x.test.ts', 'b/y.test.ts'],
      kind: 'tests',
    });
  });

  it.each([
    ['nothing failed', result(count(9, 0))],
    ['something failed that belongs to no file', result(count(9, 2), { 'a/x.test.ts': count(2, 1) })],
    ['the runner died', result(count(9, 1))],
    [
      'many failed',
      result(count(9, 6), Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.test.ts`, count(0, 1)]))),
    ],
  ])('is not taken when %s', (_why, first) => {
    expect(secondLook(first)).toBeUndefined();
  });

  it('counts each file as it ended last', () => {
    const first = result(count(90, 3, 1), { 'a/x.test.ts': count(2, 1, 1), 'b/y.test.ts': count(0, 2) });

    const well = result(count(5, 0, 1));
    expect(joinResults(first, well)).toMatchObject({ isOk: true, seconds: 20, tally: count(93, 0, 1) });
    expect(unsteadyFiles(first, well)).toEqual(['a/x.test.ts', 'b/y.test.ts']);

    const partly = result(count(4, 1, 1), { 'b/y.test.ts': count(1, 1) });
    expect(joinResults(first, partly)).toMatchObject({ isOk: false, tally: count(92, 1, 1) });
    expect(unsteadyFiles(first, partly)).toEqual(['a/x.test.ts']);
  });

  it('names nothing as unsteady when the second run itself broke', () => {
    expect(unsteadyFiles(result(count(9, 1), { 'a/x.test.ts': count(2, 1) }), result(count(0, 1)))).toEqual([]);
  });

  it('is told of by the stage that ran', async () => {
    const script =
      'console.log("FAIL a/x.test.ts  2 passed, 1 failed  0.1 s\\n\\n4 passed, 1 failed"); process.exitCode = 1';
    const stage = { name: 'planted', argv: ['-e', script], kind: 'tests' } as const;

    expect(await runStage(stage, () => undefined)).toMatchObject({
      isOk: false,
      failedFiles: [{ path: 'a/x.test.ts', tally: count(2, 1) }],
    });
  });
});
