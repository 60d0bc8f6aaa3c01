import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boundStderr, readLastWords } from './stderr-log.ts';

let path = '';

beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'stderr-')), 'stderr.log');
});

afterAll(async () => {
  await rm(join(path, '..'), { recursive: true });
});

test('the last words are the end of the file; a file that is not there has none', async () => {
  expect(await readLastWords(path)).toBe('');

  await writeFile(path, `${'x'.repeat(10_000)}\nqemu: the end\n`);

  const words = await readLastWords(path);
  expect(words.endsWith('qemu: the end')).toBe(true);
  expect(words.length).toBeLessThanOrEqual(2_048);
});

test('a file within its bound is left alone, one past it begins anew', async () => {
  await writeFile(path, 'short');
  await boundStderr(path);
  expect(await readLastWords(path)).toBe('short');

  await writeFile(path, Buffer.alloc(300 * 1024, 'x'));
  await boundStderr(path);
  await appendFile(path, 'and on');

  expect((await stat(path)).size).toBe(6);
});
