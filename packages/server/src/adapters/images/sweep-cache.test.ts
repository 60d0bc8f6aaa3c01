import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tryBuildLock } from '../shared/build-lock.ts';
import { type CachePaths, cachePaths } from './cache.ts';
import { sweepCache } from './sweep-cache.ts';

let cache: CachePaths;
beforeEach(() => {
  cache = cachePaths(mkdtempSync(join(tmpdir(), 'volary-test-sweep-')));
  for (const path of [join(cache.images, '.part-a'), join(cache.roots, 'base-old'), join(cache.images, 'base-1')]) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'root.raw'), Buffer.alloc(16_384, 1));
  }
});
afterEach(() => {
  rmSync(cache.directory, { recursive: true });
});

it('counts what builds have left, and removes it when it is to', async () => {
  const counted = await sweepCache(cache, { isDryRun: true });

  expect(counted.count).toBe(2);
  expect(counted.bytes).toBeGreaterThanOrEqual(32_768);
  expect(existsSync(join(cache.images, '.part-a'))).toBe(true);
  expect(await sweepCache(cache, { isDryRun: false })).toEqual(counted);
  expect(await sweepCache(cache, { isDryRun: false })).toEqual({ count: 0, bytes: 0 });
  expect(existsSync(join(cache.images, 'base-1'))).toBe(true);
});

it('leaves everything while somebody builds', async () => {
  using lock = await tryBuildLock(cache);

  expect(lock).not.toBeNull();
  expect(await sweepCache(cache, { isDryRun: false })).toEqual({ count: 0, bytes: 0 });
  expect(existsSync(join(cache.images, '.part-a'))).toBe(true);
});
