import { existsSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { Image } from '../../domain/image/image.ts';
import type { BuildProgress } from '../../ports/image-source.ts';
import type { Log } from '../../ports/log.ts';
import { acquireBuildLock } from './build-lock.ts';
import { buildRoot } from './build-root.ts';
import { fileDigest } from './digests.ts';
import { makeInitramfs } from './initramfs.ts';
import { directoryName, IMAGE_FILES, type Manifest, readImage } from './manifest.ts';
import type { Recipe } from './recipe.ts';
import { runStage } from './run-stage.ts';
import { requireTools } from './tools.ts';

export interface ImageBuild {
  readonly recipe: Recipe;
  readonly digests: { readonly root: string; readonly image: string };
  readonly cacheDir: string;
  readonly guestPath: string;
  readonly customizeScriptPath: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

/** What a build needs for a while, beside the image itself; GiB. */
const ROOM_GIB = 2;

/** Shares of the whole: the agent compiles in seconds, the root is what takes time. */
const SHARES = { agent: 0.05, root: 0.85 } as const;

/** Builds an image, or takes the one that another process has built meanwhile. Throws as ImageSource.ensure. */
export async function buildImage(build: ImageBuild): Promise<Image> {
  const { recipe, digests, cacheDir, signal } = build;
  const imagesPath = join(cacheDir, 'images');
  const target = join(imagesPath, directoryName(recipe.name, digests.image));
  await mkdir(imagesPath, { recursive: true, mode: 0o755 });
  await mkdir(join(cacheDir, 'roots'), { recursive: true, mode: 0o755 });
  report(build, 'prepare', 0, 'waiting for another build to end');
  using _lock = await acquireBuildLock(join(cacheDir, 'build.lock'), { signal });
  const ready = await readImage(target);
  if (ready !== null) return ready;

  requireTools();
  await requireRoom(cacheDir);
  await makeAgent(build);
  const rootPath = await ensureRoot(build);
  report(build, 'finish', SHARES.agent + SHARES.root, 'writing the initramfs');
  await assemble(build, rootPath, target);
  const image = await readImage(target);
  if (image === null) throw new TypeError('the image is not where it was just written');
  build.log.info('image built', { image: image.name, digest: image.digest, sizeBytes: image.sizeBytes });
  return image;
}

async function makeAgent(build: ImageBuild): Promise<void> {
  report(build, 'agent', 0, 'compiling the guest agent');
  await runStage({
    name: 'compiling the guest agent',
    program: 'make',
    args: ['--no-print-directory', '-C', join(build.guestPath, 'agent'), 'all'],
    signal: build.signal,
  });
}

/** The directory with kernel, root disk and modules of the recipe; built unless it is there. */
async function ensureRoot(build: ImageBuild): Promise<string> {
  const { recipe, digests, cacheDir, signal } = build;
  const target = join(cacheDir, 'roots', directoryName(recipe.name, digests.root));
  if (existsSync(target)) return target;
  await inPlace(target, (out) =>
    buildRoot({
      recipe,
      customizeScriptPath: build.customizeScriptPath,
      out,
      signal,
      onProgress: (fraction, message) => report(build, 'root', SHARES.agent + SHARES.root * fraction, message),
    }),
  );
  return target;
}

async function assemble(build: ImageBuild, rootPath: string, target: string): Promise<void> {
  const { recipe, digests, guestPath, signal } = build;
  await inPlace(target, async (out) => {
    const at = (name: keyof typeof IMAGE_FILES): string => join(out, IMAGE_FILES[name]);
    await link(join(rootPath, IMAGE_FILES.kernel), at('kernel'));
    await link(join(rootPath, IMAGE_FILES.root), at('root'));
    const agentPath = join(guestPath, 'agent', 'build', 'volary-agent');
    await writeFile(at('initramfs'), await makeInitramfs(agentPath, join(rootPath, 'modules'), recipe.modules), {
      mode: 0o644,
    });
    const manifest: Manifest = {
      format: 1,
      name: recipe.name,
      digest: digests.image,
      rootDigest: digests.root,
      kernelVersion: (await readFile(join(rootPath, 'kernel-version'), 'utf8')).trim(),
      packages: (await readFile(join(rootPath, 'packages'), 'utf8')).trim().split('\n'),
      sha256: {
        kernel: await fileDigest(at('kernel'), { signal }),
        initramfs: await fileDigest(at('initramfs'), { signal }),
        root: await fileDigest(at('root'), { signal }),
      },
      builtAt: Date.now(),
    };
    await writeFile(at('manifest'), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
  });
}

/** Lets `make` fill a directory beside the target, and renames it there when all is written and synced; else removes it. */
async function inPlace(target: string, make: (out: string) => Promise<void>): Promise<void> {
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { mode: 0o755 });
  try {
    await make(part);
    for (const file of await readdir(part, { withFileTypes: true })) {
      if (file.isFile()) await sync(join(part, file.name));
    }
    await sync(part);
    await rename(part, target);
    await sync(join(target, '..'));
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

/** A file's content, or a directory's entries: to the disk. */
async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

async function requireRoom(cacheDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(cacheDir);
  const freeGib = (bavail * bsize) / 1024 ** 3;
  if (freeGib >= ROOM_GIB) return;
  throw new VolaryError(
    'resource_exhausted',
    `Building an image needs ${ROOM_GIB} GiB of disk; ${freeGib.toFixed(1)} GiB are free.`,
    { reason: 'image.no_room', details: { needed_gib: ROOM_GIB, free_gib: Number(freeGib.toFixed(1)) } },
  );
}

function report({ onProgress }: ImageBuild, step: string, fraction: number, message: string): void {
  onProgress({ step, fraction, message });
}
