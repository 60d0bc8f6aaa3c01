import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { BuildProgress, ImageSource } from '../../ports/image-source.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { createImageSource } from './image-source.ts';

const GUEST = new URL('../../../../../guest', import.meta.url).pathname;
const log = createPinoLog({ level: 'error' });
const silently = { signal: new AbortController().signal, onProgress: () => undefined };
let cacheDir: string;
let guestPath: string;

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'volary-test-images-'));
  guestPath = mkdtempSync(join(tmpdir(), 'volary-test-guest-'));
  cpSync(GUEST, guestPath, { recursive: true });
});
afterEach(() => {
  rmSync(cacheDir, { recursive: true });
  rmSync(guestPath, { recursive: true });
});

/** A source whose recipe is the base one with something changed. */
async function sourceWith(change: object): Promise<ImageSource> {
  const path = join(guestPath, 'image/base/recipe.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  return await createImageSource({ cacheDir, guestPath, log });
}

function leftovers(): readonly string[] {
  return ['images', 'roots'].flatMap((name) =>
    existsSync(join(cacheDir, name)) ? readdirSync(join(cacheDir, name)) : [],
  );
}

describe('building the base image', () => {
  it('makes one image for all who ask, says how far it is, and builds only the changed part again', async () => {
    const source = await sourceWith({});
    const progress: BuildProgress[] = [];

    const [image, same] = await Promise.all([
      source.ensure('base', { ...silently, onProgress: (step) => progress.push(step) }),
      source.ensure('base', silently),
    ]);

    expect(same).toEqual(image);
    expect(await source.find('base')).toEqual(image);
    expect(await source.findByDigest(image.digest)).toEqual(image);
    expect(statSync(image.rootPath).mode & 0o777).toBe(0o644);
    expect(readFileSync(image.kernelPath).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(
      execFileSync('cpio', ['-it', '--quiet'], { input: readFileSync(image.initramfsPath), encoding: 'utf8' }),
    ).toContain('init\n');
    const fractions = progress.map(({ fraction }) => fraction ?? 0);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(new Set(progress.map(({ step }) => step)).size).toBeGreaterThanOrEqual(3);
    // A changed agent needs another initramfs, and nothing else.
    writeFileSync(join(guestPath, 'agent/src/main.c'), '\n', { flag: 'a' });
    const rebuilt = await source.ensure('base', silently);
    expect(rebuilt.digest).not.toBe(image.digest);
    expect(statSync(rebuilt.rootPath).ino).toBe(statSync(image.rootPath).ino);
    expect(await source.list()).toHaveLength(2);
    // Removing the one leaves the other; removing both leaves nothing.
    expect(await source.remove(image.digest)).toBe(true);
    expect(await source.find('base')).toEqual(rebuilt);
    expect(await source.remove(rebuilt.digest)).toBe(true);
    expect(await source.remove(rebuilt.digest)).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('shows the words of apt when a package does not exist, and leaves nothing half-made', async () => {
    const source = await sourceWith({ packages: ['no-such-package-anywhere'] });

    const error = await source.ensure('base', silently).catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(VolaryError);
    expect(error).toMatchObject({ code: 'failed_precondition', reason: 'image.build_failed' });
    expect(String(error)).toContain('no-such-package-anywhere');
    expect(leftovers()).toEqual([]);
  });

  it('stops when nobody waits any more, and leaves nothing half-made', async () => {
    const source = await sourceWith({});
    const impatient = new AbortController();

    const building = source.ensure('base', {
      signal: impatient.signal,
      onProgress: ({ message }) => {
        if (message.includes('unpacking')) impatient.abort(new Error('no patience'));
      },
    });

    await expect(building).rejects.toThrow('no patience');
    expect(leftovers()).toEqual([]);
    expect(execFileSync('mount', { encoding: 'utf8' })).not.toContain(cacheDir);
  });

  it('throws away what a killed build has left', async () => {
    const source = await sourceWith({ packages: ['no-such-package-anywhere'] });
    mkdirSync(join(cacheDir, 'images/base-000000000000.part'), { recursive: true });

    expect(await source.list()).toEqual([]);
    expect(await source.find('base')).toBeNull();
  });

  it('knows only the images that have a recipe', async () => {
    const source = await sourceWith({});

    expect(source.recipes()).toEqual(['base']);
    await expect(source.ensure('nonsense', silently)).rejects.toMatchObject({ reason: 'image.unknown' });
  });
});
