import { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPinoLog } from '../system/pino-log.ts';
import { type CachePaths, cachePaths } from './cache.ts';
import { ROOT_FILES } from './manifest.ts';
import { readRoot, removeUnusedRoots } from './roots.ts';

let cache: CachePaths;
let told: string;
const log = createPinoLog({
  level: 'warn',
  stream: {
    write(line) {
      told += line;
    },
  },
});

beforeEach(async () => {
  told = '';
  cache = cachePaths(await mkdtemp(join(tmpdir(), 'roots-')));
});
afterEach(() => rm(cache.directory, { recursive: true }));

function makeRoot(name: string): string {
  mkdirSync(join(cache.roots, name), { recursive: true });
  const path = join(cache.roots, name, ROOT_FILES.root);
  writeFileSync(path, name);
  return path;
}

test('a root goes when no image links to it, whoever else does', async () => {
  const [used, kept] = [makeRoot('used'), makeRoot('kept')];
  makeRoot('unused');
  mkdirSync(join(cache.images, 'base-1'), { recursive: true });
  linkSync(used, join(cache.images, 'base-1', ROOT_FILES.root));
  linkSync(kept, join(cache.directory, 'in-a-data-directory'));

  await removeUnusedRoots(cache, log);

  expect(readdirSync(cache.roots)).toEqual(['used']);
});

test('no root goes while nobody can tell what an image links to', async () => {
  makeRoot('used');
  mkdirSync(join(cache.images, 'base-1'), { recursive: true });
  symlinkSync(ROOT_FILES.root, join(cache.images, 'base-1', ROOT_FILES.root));

  await removeUnusedRoots(cache, log);

  expect(told).toContain('host.file_unreadable');

  expect(readdirSync(cache.roots)).toEqual(['used']);
});

test('a root with damaged facts is none', async () => {
  makeRoot('damaged');
  const path = join(cache.roots, 'damaged');
  writeFileSync(join(path, ROOT_FILES.facts), '{"name":');

  expect(await readRoot(path)).toBeNull();
});
