import { basename } from 'node:path';
import type { Stage, StageResult } from './run-stage.ts';
import { addTallies } from './tally.ts';

/** More files than these are no bad luck: then something is wrong that a second run would only hide for longer. */
const MAX_FILES = 5;

/**
 * The stage that runs the failed files of this result once more, by themselves; undefined if nothing failed, too much did, or something
 * that belongs to no file.
 */
export function secondLook({ stage, isOk, tally, failedFiles }: StageResult): Stage | undefined {
  const { failed } = addTallies(failedFiles.map((file) => file.tally));
  if (isOk || failedFiles.length === 0 || failedFiles.length > MAX_FILES || failed !== tally.failed) return undefined;
  const names = failedFiles.map(({ path }) => basename(path)).join(' ');
  // What the tests have been through was written by the first run, and is not to be written over by a part of it.
  const argv = stage.argv.filter((arg) => !arg.startsWith('--coverage'));
  return {
    ...stage,
    name: `${stage.name}, once more: ${names}`,
    argv: [...argv, ...failedFiles.map(({ path }) => path)],
  };
}

/** What the two runs say together: each file counts as it ended last. */
export function joinResults(first: StageResult, second: StageResult): StageResult {
  const dropped = addTallies(first.failedFiles.map((file) => file.tally));
  return {
    stage: first.stage,
    seconds: first.seconds + second.seconds,
    isOk: second.isOk,
    tally: {
      passed: first.tally.passed - dropped.passed + second.tally.passed,
      failed: second.tally.failed,
      skipped: first.tally.skipped - dropped.skipped + second.tally.skipped,
    },
    failedFiles: second.failedFiles,
  };
}

/** The files that failed among all others and passed by themselves. */
export function unsteadyFiles(first: StageResult, second: StageResult): readonly string[] {
  const still = new Set(second.failedFiles.map(({ path }) => path));
  return second.tally.failed > 0 && still.size === 0
    ? []
    : first.failedFiles.map(({ path }) => path).filter((path) => !still.has(path));
}
