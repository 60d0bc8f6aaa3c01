import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tryBuildLock } from '../shared/build-lock.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { type CachePaths, cachePaths } from './cache.ts';
import { sweepCache } from './sweep-cache.ts';

const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
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
  const counted = await sweepCache(cache, { isDryRun: true, log });

  expect(counted.count).toBe(2);
  expect(counted.bytes).toBeGreaterThanOrEqual(32_768);
  expect(existsSync(join(cache.images, '.part-a'))).toBe(true);
  expect(await sweepCache(cache, { isDryRun: false, log })).toEqual(counted);
  expect(await sweepCache(cache, { isDryRun: false, log })).toEqual({ count: 0, bytes: 0 });
  expect(existsSync(join(cache.images, 'base-1'))).toBe(true);
});

it('leaves everything while somebody builds', async () => {
  using lock = await tryBuildLock(cache);

  expect(lock).not.toBeNull();
  expect(await sweepCache(cache, { isDryRun: false, log })).toEqual({ count: 0, bytes: 0 });
  expect(existsSync(join(cache.images, '.part-a'))).toBe(true);
});

it('leaves the roots while nobody can tell what an image links to, and removes the rest', async () => {
  const unreadable = join(cache.images, 'base-2');
  mkdirSync(unreadable);
  symlinkSync('root.raw', join(unreadable, 'root.raw'));

  expect((await sweepCache(cache, { isDryRun: false, log })).count).toBe(1);

  expect(existsSync(join(cache.roots, 'base-old'))).toBe(true);
  expect(existsSync(join(cache.images, '.part-a'))).toBe(false);
});
