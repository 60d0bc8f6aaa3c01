import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkSuspendedDisk, noteSuspendedDisk } from './suspended-disk.ts';

let saved: string;
let disk: string;

beforeEach(() => {
  saved = mkdtempSync(join(tmpdir(), 'volary-test-suspended-'));
  disk = join(saved, 'disk.qcow2');
  writeFileSync(disk, 'what was written');
});
afterEach(() => {
  rmSync(saved, { recursive: true });
});

test('the disk that was noted is told from one that was written to', async () => {
  await noteSuspendedDisk(disk, saved);
  await checkSuspendedDisk(disk, saved);

  writeFileSync(disk, 'something else');
  utimesSync(disk, 1, 1);

  await expect(checkSuspendedDisk(disk, saved)).rejects.toMatchObject({ reason: 'driver.suspended_damaged' });
});

test('a note that never reached the disk condemns nothing', async () => {
  await checkSuspendedDisk(disk, saved);
  writeFileSync(join(saved, 'disk.json'), '');

  await checkSuspendedDisk(disk, saved);
});
