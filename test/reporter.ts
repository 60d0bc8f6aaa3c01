import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { addTallies, formatTally, type Tally } from './tally.ts';

/**
 * A reporter for terminals and pipes alike: one line for each test file as it ends, the whole story of each failure,
 * the reason of each skipped test, and at the end of everything a line `N passed, N failed` alone.
 *
 * A test that is skipped without a reason (`context.skip(reason)`) counts as failed: else nobody would notice that it no
 * longer runs. So does each error outside of tests.
 */
export function createReporter(write: (text: string) => void = (text) => process.stdout.write(text)): Reporter {
  const started = performance.now();
  let vitest: Vitest | undefined;
  let isFiltered = false;

  function printErrors(title: string, errors: readonly unknown[]): void {
    write(`\nFAIL ${title}\n`);
    for (const error of errors)
      write(`${vitest?.logger.formatError(error, { showCodeFrame: true }).output ?? error}\n`);
  }

  return {
    onInit(instance) {
      vitest = instance;
      isFiltered = instance.config.testNamePattern !== undefined;
    },

    onTestModuleEnd(module) {
      const tally = tallyModule(module, isFiltered);
      const { setupDuration, collectDuration, duration } = module.diagnostic();
      const seconds = ((setupDuration + collectDuration + duration) / 1000).toFixed(1);
      write(`${tally.failed > 0 ? 'FAIL' : 'ok  '} ${module.relativeModuleId}  ${formatTally(tally)}  ${seconds} s\n`);
      for (const line of skipLines(module, isFiltered)) write(`     ${line}\n`);
    },

    onTestCaseResult(test) {
      const result = test.result();
      if (result.state === 'failed') printErrors(`${test.module.relativeModuleId} > ${test.fullName}`, result.errors);
    },

    onTestRunEnd(modules, unhandledErrors) {
      for (const module of modules) {
        const errors = errorsOutsideTests(module);
        if (errors.length > 0) printErrors(module.relativeModuleId, errors);
      }
      if (unhandledErrors.length > 0) printErrors('errors outside of any test file', unhandledErrors);

      const outside: Tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
      const total = addTallies([...modules.map((module) => tallyModule(module, isFiltered)), outside]);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      write(`\n${modules.length} test files in ${seconds} s\n${formatTally(total)}\n`);
      if (total.failed > 0) process.exitCode = 1;
    },
  };
}

function tallyModule(module: TestModule, isFiltered: boolean): Tally {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const test of module.children.allTests()) {
    const state = test.result().state;
    if (state === 'passed') passed += 1;
    else if (state !== 'skipped') failed += 1;
    else if (isFiltered || reasonOf(test) !== undefined) skipped += 1;
    else failed += 1;
  }
  return { passed, failed: failed + errorsOutsideTests(module).length, skipped };
}

/** Errors of hooks, set-up files and of a file that cannot even be loaded. */
function errorsOutsideTests(module: TestModule): readonly unknown[] {
  return [...module.errors(), ...[...module.children.allSuites()].flatMap((suite: TestSuite) => [...suite.errors()])];
}

function skipLines(module: TestModule, isFiltered: boolean): readonly string[] {
  return [...module.children.allTests('skipped')].flatMap((test) => {
    const reason = reasonOf(test);
    if (reason !== undefined) return [`skipped: ${test.fullName}: ${reason}`];
    return isFiltered ? [] : [`skipped without a reason, which counts as failed: ${test.fullName}`];
  });
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' && result.note !== '' ? result.note : undefined;
}
