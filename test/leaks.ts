import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { countHandles, endLeaks, type HandleCounts, waitForNoLeaks } from './find-leaks.ts';

/*
 * Runs before each test file. The file gets a temp directory of its own, which every process it starts inherits as
 * TMPDIR: so what it leaves behind can be told apart from what other files do at the same time. Hooks of a set-up file
 * are the last ones to run after the tests, so the file has had its chance to tidy up.
 */
const directory = mkdtempSync(join(tmpdir(), 'vt-'));
// A virtual machine monitor runs as a user of its own, and has to get through to its run directory.
chmodSync(directory, 0o711);
process.env['TMPDIR'] = directory;

let before: HandleCounts = new Map();

beforeAll(() => {
  before = countHandles();
});

afterAll(async () => {
  const leaks = await waitForNoLeaks(directory, before);

  endLeaks(directory);
  if (leaks.length > 0) throw new Error(`This test file leaves behind:\n  ${leaks.join('\n  ')}`);
});
