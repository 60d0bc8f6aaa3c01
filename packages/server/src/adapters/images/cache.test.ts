import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CachePaths, cachePaths, findBySources, listImages } from './cache.ts';
import { directoryName, IMAGE_FILES } from './manifest.ts';

let cache: CachePaths;

beforeEach(() => {
  cache = cachePaths(mkdtempSync(join(tmpdir(), 'volary-test-cache-')));
});
afterEach(() => {
  rmSync(cache.directory, { recursive: true });
});

function put(name: string, digest: string): string {
  const directory = join(cache.images, directoryName(name, digest));
  mkdirSync(directory, { recursive: true });
  for (const file of [IMAGE_FILES.kernel, IMAGE_FILES.initramfs, IMAGE_FILES.root])
    writeFileSync(join(directory, file), 'content');
  const file = { sizeBytes: 7, sha256: '0' };
  const manifest = {
    ...{ format: 2, name, digest, sources: [`of ${name}`], packages: [], kernelVersion: '6', builtAt: 1 },
    files: { kernel: file, initramfs: file, root: file },
  };
  writeFileSync(join(directory, IMAGE_FILES.manifest), JSON.stringify(manifest));
  return directory;
}

it('an image of which a file cannot be read keeps nobody from the others, and is not taken for one that was never built', async () => {
  const [base, user] = ['a'.repeat(64), 'b'.repeat(64)];
  put('base', base);
  const directory = put('base-user', user);
  // They lead to themselves, so that not even root can read them.
  for (const file of [IMAGE_FILES.manifest, IMAGE_FILES.root]) {
    rmSync(join(directory, file));
    symlinkSync(file, join(directory, file));

    expect((await listImages(cache)).map(({ digest }) => digest)).toEqual([base]);
    expect((await findBySources(cache, 'base', 'of base'))?.digest).toBe(base);
    expect(await findBySources(cache, 'base', 'of something else')).toBeNull();
    await expect(findBySources(cache, 'base-user', 'of base-user')).rejects.toMatchObject({
      reason: 'host.file_unreadable',
    });
    rmSync(join(directory, file));
    put('base-user', user);
  }
  expect((await findBySources(cache, 'base-user', 'of base-user'))?.digest).toBe(user);
});

it('an image whose manifest is damaged counts as not built', async () => {
  const directory = put('base', 'a'.repeat(64));
  writeFileSync(join(directory, IMAGE_FILES.manifest), '{"format":2,');

  expect(await listImages(cache)).toEqual([]);
  expect(await findBySources(cache, 'base', 'of base')).toBeNull();
});
