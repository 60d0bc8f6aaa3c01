import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CachePaths, cachePaths } from './cache.ts';
import { directoryName, IMAGE_FILES } from './manifest.ts';
import { measureImages } from './measure-images.ts';

const [FIRST, SECOND] = ['a'.repeat(64), 'b'.repeat(64)] as const;
let cache: CachePaths;

beforeEach(() => {
  cache = cachePaths(mkdtempSync(join(tmpdir(), 'volary-test-images-')));
});
afterEach(() => {
  rmSync(cache.directory, { recursive: true });
});

/** A complete image, whose root is another name of that file. */
function put(digest: string, rootPath: string): void {
  const directory = join(cache.images, directoryName('base', digest));
  mkdirSync(directory, { recursive: true });
  linkSync(rootPath, join(directory, IMAGE_FILES.root));
  writeFileSync(join(directory, IMAGE_FILES.kernel), Buffer.alloc(4096, 1));
  writeFileSync(join(directory, IMAGE_FILES.initramfs), Buffer.alloc(4096, 1));
  const file = (sizeBytes: number) => ({ sizeBytes, sha256: '0' });
  const files = { kernel: file(4096), initramfs: file(4096), root: file(65_536) };
  const facts = {
    format: 2,
    name: 'base',
    digest,
    sources: ['s'],
    packages: [],
    kernelVersion: '6',
    builtAt: 1,
    files,
  };
  writeFileSync(join(directory, IMAGE_FILES.manifest), JSON.stringify(facts));
}

it('counts a root that images share for the first of them', async () => {
  const root = join(cache.directory, 'root.raw');
  writeFileSync(root, Buffer.alloc(65_536, 1));
  put(FIRST, root);
  put(SECOND, root);

  for (const [first, second] of [
    [FIRST, SECOND],
    [SECOND, FIRST],
  ] as const) {
    const measured = await measureImages(cache, [first, second, 'c'.repeat(64)]);
    expect(measured.get(first)).toBeGreaterThanOrEqual(65_536 + 8192);
    expect(measured.get(second)).toBe(8192);
    expect(measured.get('c'.repeat(64))).toBe(0);
  }
});
