import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeInitramfs } from './initramfs.ts';

const MODULES = '/usr/lib/modules/6.1.0';

let directory: string;
let work: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-initramfs-'));
  work = join(directory, 'work');
  mkdirSync(work);
  writeFileSync(join(directory, 'agent'), 'agent');
  put(`${MODULES}/modules.builtin`, '');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Puts a file into the root; `sizeBytes`: with nothing at all up to there. */
function put(path: string, content: string, sizeBytes?: number): void {
  const at = join(directory, 'tree', path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, content);
  if (sizeBytes !== undefined) truncateSync(at, sizeBytes);
}

async function make(modules: readonly string[], kernelVersion = '6.1.0'): Promise<string> {
  const disk = join(directory, 'root.raw');
  writeFileSync(disk, '');
  truncateSync(disk, 64 * 1024 ** 2);
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const args = ['-q', '-F', '-t', 'ext4', '-d', join(directory, 'tree'), disk];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
  const made = await makeInitramfs({
    ...{ agentPath: join(directory, 'agent'), rootDiskPath: disk, kernelVersion, modules },
    ...{ workParent: work, signal: new AbortController().signal },
  });
  return Buffer.from(made).toString('latin1');
}

const badModules = expect.objectContaining({ code: 'failed_precondition', reason: 'image.bad_modules' });

test('has the modules that are wanted and those they need, in the order in which they are loaded', async () => {
  put(`${MODULES}/modules.dep`, 'kernel/a/one.ko: kernel/b/two.ko\nkernel/b/two.ko:\n');
  put(`${MODULES}/kernel/a/one.ko`, 'the first');
  put(`${MODULES}/kernel/b/two.ko`, 'the second');

  const made = await make(['one']);

  expect(made).toContain('two.ko\none.ko\n');
  expect(made).toContain('the first');
  expect(made).toContain('the second');
});

test('takes nothing from a root whose list of modules names what is none', async () => {
  const stolen = join(directory, 'stolen');
  put(`${MODULES}/modules.dep`, `kernel/one.ko\t${stolen}\t: \n`);
  put(`${MODULES}/kernel/one.ko`, 'x');

  await expect(make(['one'])).rejects.toEqual(badModules);
  expect(readdirSync(directory)).not.toContain('stolen');
});

test.each([
  ['the list', 'modules.dep'],
  ['a module', 'kernel/one.ko'],
])('reads no more of %s than such a file can have, and leaves nothing of it', async (_, file) => {
  put(`${MODULES}/modules.dep`, 'kernel/one.ko:\n');
  put(`${MODULES}/kernel/one.ko`, 'x');
  put(`${MODULES}/${file}`, 'kernel/one.ko:\n', 8 * 1024 ** 3);

  await expect(make(['one'])).rejects.toEqual(badModules);
  expect(readdirSync(work)).toEqual([]);
});

test('says so where a module that is listed is not there', async () => {
  put(`${MODULES}/modules.dep`, 'kernel/one.ko:\n');

  await expect(make(['one'])).rejects.toEqual(badModules);
  await expect(make(['one'], '6.1.0 /etc/passwd')).rejects.toEqual(badModules);
});
