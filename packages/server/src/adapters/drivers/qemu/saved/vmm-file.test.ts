import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openVmmFile } from './vmm-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-vmm-file-'));
  writeFileSync(join(directory, 'secret'), 'of the host');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

it('opens what is a file of its own', async () => {
  await using file = await openVmmFile(join(directory, 'secret'));

  expect((await file.readFile()).toString()).toBe('of the host');
});

it.each([
  ['a symbolic link', (path: string) => symlinkSync(join(directory, 'secret'), path)],
  ['another name of a file', (path: string) => linkSync(join(directory, 'secret'), path)],
  ['a directory', (path: string) => mkdirSync(path)],
  ['a pipe that nobody writes to', (path: string) => execFileSync('mkfifo', [path])],
  ['nothing', () => undefined],
])('refuses %s', async (_, put) => {
  const path = join(directory, 'disk.qcow2');
  put(path);

  await expect(openVmmFile(path)).rejects.toMatchObject({ code: 'unavailable', reason: 'driver.save_failed' });
});
