import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkSuspendedDisks, noteSuspendedDisks } from './suspended-disk.ts';

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
  await noteSuspendedDisks([disk], saved);
  await checkSuspendedDisks([disk], saved);

  writeFileSync(disk, 'something else');
  utimesSync(disk, 1, 1);

  await expect(checkSuspendedDisks([disk], saved)).rejects.toMatchObject({ reason: 'driver.suspended_damaged' });
});

test('so is each disk besides the root, unless an earlier version has noted the root alone', async () => {
  const data = join(saved, 'disk-data.qcow2');
  writeFileSync(data, 'what was written there');
  await noteSuspendedDisks([disk], saved);
  await checkSuspendedDisks([disk, data], saved);
  await noteSuspendedDisks([disk, data], saved);
  await checkSuspendedDisks([disk, data], saved);

  utimesSync(data, 1, 1);

  await expect(checkSuspendedDisks([disk, data], saved)).rejects.toMatchObject({ reason: 'driver.suspended_damaged' });
});

test('where the note cannot be read nobody says that the disk is the one that was noted', async () => {
  mkdirSync(join(saved, 'disk.json'));

  await expect(checkSuspendedDisks([disk], saved)).rejects.toMatchObject({ reason: 'host.file_unreadable' });
});

test('a note that never reached the disk condemns nothing', async () => {
  await checkSuspendedDisks([disk], saved);
  writeFileSync(join(saved, 'disk.json'), '');

  await checkSuspendedDisks([disk], saved);
});
