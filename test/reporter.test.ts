import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { startVitest } from 'vitest/node';
import { createReporter } from './reporter.ts';

let output = '';

/** One real run over a file with a test of each kind. */
beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'volary-test-reporter-'));
  writeFileSync(
    join(root, 'planted.test.ts'),
    `
    it('passes', () => {});
    it('fails', () => { expect(1).toBe(2); });
    it('is skipped with a reason', (context) => context.skip('no /dev/kvm'));
    it.skip('is skipped in silence', () => {});
    describe('a hook', () => { afterAll(() => { throw new Error('the hook broke'); }); it('is after this', () => {}); });
    `,
  );
  const exitCode = process.exitCode;
  const vitest = await startVitest('test', [], {
    root,
    config: false,
    globals: true,
    watch: false,
    pool: 'forks',
    reporters: [createReporter((text) => (output += text))],
  });
  await vitest.close();
  process.exitCode = exitCode;
  rmSync(root, { recursive: true });
});

test('the last line is the tally, alone', () => {
  expect(output.trimEnd().split('\n').at(-1)).toBe('2 passed, 3 failed, 1 skipped');
});

test('each file has its line', () => {
  expect(output).toMatch(/^FAIL planted\.test\.ts {2}2 passed, 3 failed, 1 skipped {2}\d+\.\d s$/m);
});

test('each failure is told, also that of a hook', () => {
  expect(output).toContain('FAIL planted.test.ts > fails');
});

test('a skipped test shows its reason, and fails the run without one', () => {
  expect(output).toContain('skipped: is skipped with a reason: no /dev/kvm');
  expect(output).toContain('skipped without a reason, which counts as failed: is skipped in silence');
});
