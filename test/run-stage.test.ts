import { expect, test } from 'vitest';
import { runStage, type Stage } from './run-stage.ts';

/** Runs a script as a stage; what was told of it comes back with the result. */
async function run(kind: Stage['kind'], script: string) {
  let told = '';
  const result = await runStage({ name: 'planted', argv: ['-e', script], kind }, (text) => {
    told += text;
  });
  return { ...result, told };
}

test('a static stage that passes is one test, and its output is of no interest', async () => {
  const { isOk, tally, told } = await run('static', 'console.log("chatter")');

  expect({ isOk, tally }).toEqual({ isOk: true, tally: { passed: 1, failed: 0, skipped: 0 } });
  expect(told).toMatch(/^==> planted\n {4}ok in \d+\.\d s\n$/);
});

test('a static stage that fails is one failure, and shows everything it said', async () => {
  const { isOk, tally, told } = await run('static', 'console.log("out"); console.error("err"); process.exitCode = 3');

  expect({ isOk, tally }).toEqual({ isOk: false, tally: { passed: 0, failed: 1, skipped: 0 } });
  expect(told).toContain('out\n');
  expect(told).toContain('err\n');
  expect(told).toContain('FAILED');
});

test('tests are shown as they go, but for their tally, which is added up elsewhere', async () => {
  const { isOk, tally, told } = await run('tests', 'console.log("ok x"); console.log("4 passed, 0 failed, 1 skipped")');

  expect({ isOk, tally }).toEqual({ isOk: true, tally: { passed: 4, failed: 0, skipped: 1 } });
  expect(told).toContain('ok x\n');
  expect(told).not.toContain('4 passed');
});

test.each([
  ['end without a tally', 'process.exitCode = 0', { passed: 0, failed: 1, skipped: 0 }],
  [
    'end badly with a good tally',
    'console.log("4 passed, 0 failed"); process.exitCode = 1',
    { passed: 4, failed: 1, skipped: 0 },
  ],
  ['are killed', 'process.kill(process.pid, "SIGKILL")', { passed: 0, failed: 1, skipped: 0 }],
])('tests that %s have failed', async (_how, script, tally) => {
  const result = await run('tests', script);

  expect({ isOk: result.isOk, tally: result.tally }).toEqual({ isOk: false, tally });
});
