/**
 * Makes an image of a disk image: has the file and sees that it is the one that was meant, looks at it, converts it, and lays beside it what it is
 * started by. Who works on a file's checksum has a lock for that, so that it is fetched once, whatever it is to be called; who writes into the
 * cache has the builders' lock.
 */
import { link, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyImage } from '../../../domain/image/image.ts';
import { acquireBuildLock, acquireLock } from '../../shared/build-lock.ts';
import { inPlace, removeParts } from '../../shared/in-place.ts';
import { findBySources, readAll } from '../cache.ts';
import { directoryName, readImage } from '../manifest.ts';
import { requireImportTools } from '../tools.ts';
import { type BootFacts, type BootFiles, obtainBootFiles } from './boot-files.ts';
import { convertDisk } from './convert-disk.ts';
import { noFileSystem } from './disk-errors.ts';
import type { DiskImport } from './disk-import.ts';
import { DISK_FILES, type DiskManifest } from './disk-manifest.ts';
import { diskDigest, rootKeyOf } from './disk-sources.ts';
import { isExt4 } from './ext4.ts';
import { createImportProgress, type ImportProgress } from './import-progress.ts';
import { slotOf } from './import-slot.ts';
import { inspectDisk } from './inspect-disk.ts';
import { type FileDeps, obtainFile, type SourceFile } from './source-file.ts';

/** The image; throws as `ImageSource.ensure`, and leaves nothing but a part of a download then. */
export async function importDisk(job: DiskImport): Promise<AnyImage> {
  const { name, definition, sources, cache, signal, onProgress, log } = job;
  requireImportTools();
  const onWait = (): void => onProgress({ step: 'prepare', fraction: 0, message: 'waiting for another import to end' });
  using _file = await acquireLock(slotOf(cache, definition.source.sha256), { signal, onWait });
  const ready = await findBySources(cache, name, sources);
  if (ready !== null) return ready;

  await using files = new AsyncDisposableStack();
  const progress = createImportProgress(onProgress);
  const obtain = async (): Promise<SourceFile> =>
    files.use(await obtainFile(definition.source, definition, filesOf(job, progress)));
  // What somebody says of a file of the host is looked at, also when what it should be has been converted already.
  const isHere = definition.source.location.startsWith('/');
  const file = isHere || (await findRoot(job)) === null ? await obtain() : null;
  const boot = files.use(await obtainBootFiles(job, filesOf(job, progress)));
  using _cache = await acquireBuildLock(cache, { signal, onWait });
  await removeParts(cache.images);
  const image = await assemble(job, boot, async (path) => {
    const present = await findRoot(job);
    // Removed in this moment, or never there: then it is made of the file.
    if (present === null) return await makeRoot(job, { file: file ?? (await obtain()), path, progress });
    await file?.verify(signal);
    await link(present, path);
  });
  await file?.discard();
  log.info('image imported', { image: image.name, digest: image.digest, sizeBytes: image.sizeBytes });
  return image;
}

function filesOf(job: DiskImport, progress: ImportProgress): FileDeps {
  const { fetcher, folders, maxBytes, signal, cache, definition } = job;
  const partPrefix = definition.source.sha256.slice(0, 16);
  const onProgress: FileDeps['onProgress'] = (told) => progress.tell('file', told);
  return { fetcher, folders, maxBytes, signal, downloadsPath: cache.downloads, partPrefix, onProgress };
}

/** What was converted once has the same bytes under another name. */
async function findRoot({ cache, definition }: DiskImport): Promise<string | null> {
  const key = rootKeyOf(definition);
  const found = (await readAll(cache)).images.find(({ manifest }) => manifest.format === 3 && manifest.rootKey === key);
  return found?.image.rootPath ?? null;
}

/** A file that is refused is of no use to anybody; one whose conversion was called off is. */
async function makeRoot(
  job: DiskImport,
  { file, path, progress }: { readonly file: SourceFile; readonly path: string; readonly progress: ImportProgress },
): Promise<void> {
  const { definition, cache, maxBytes, signal } = job;
  const { format } = definition;
  try {
    const verify = async (): Promise<void> => {
      await file.verify(signal);
      progress.endFile();
    };
    await whileVerified(verify, signal, async (working) => {
      const sizeBytes = await inspectDisk(file, { format, maxBytes, directory: cache.images, signal: working });
      const tell = (fraction: number): void =>
        progress.tell('disk', { step: 'convert', fraction, message: 'writing the disk' });
      await convertDisk(file, path, { format, sizeBytes, signal: working, onProgress: tell });
    });
    await file.requireUnchanged();
    if (definition.boot === 'direct' && !(await isExt4(path))) throw noFileSystem();
  } catch (error) {
    if (!signal.aborted) await file.discard();
    throw error;
  }
}

/**
 * Does what the sandbox does with a file while the file is verified: a checksum takes as long as a conversion. What comes of bytes that turn out to be
 * others is nobody's: it throws, and first of all that they are others.
 */
async function whileVerified(
  verify: () => Promise<void>,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const wrong = new AbortController();
  const verifying = verify().catch((error: unknown) => {
    wrong.abort(error);
    throw error;
  });
  for (const done of await Promise.allSettled([verifying, work(AbortSignal.any([signal, wrong.signal]))]))
    if (done.status === 'rejected') throw done.reason;
}

async function assemble(
  { name, definition, sources, cache }: DiskImport,
  boot: BootFiles,
  putRoot: (path: string) => Promise<void>,
): Promise<AnyImage> {
  const path = await inPlace(cache.images, async (out) => {
    const at = (file: keyof typeof DISK_FILES): string => join(out, DISK_FILES[file]);
    await putRoot(at('root'));
    if (definition.boot === 'direct' && !(await isExt4(at('root')))) throw noFileSystem();
    const rootKey = rootKeyOf(definition);
    const starts = await boot.put({ kernel: at('kernel'), initramfs: at('initramfs') });
    const digest = diskDigest(name, [rootKey, ...partsOf(starts)]);
    const rootBytes = (await stat(at('root'))).size;
    const manifest: DiskManifest = {
      ...{ format: 3, name, digest, sources: [sources], rootKey, rootBytes, builtAt: Date.now() },
      ...starts,
    };
    await writeFile(at('manifest'), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
    return directoryName(name, digest);
  });
  const written = await readImage(path);
  if (written === null) throw new TypeError('the image is not where it was just written');
  return written.image;
}

/** What of it is not its disk. */
function partsOf(starts: BootFacts): readonly string[] {
  if (starts.boot === 'none') return ['content'];
  return starts.boot === 'firmware' ? [starts.firmware] : [starts.kernel.sha256, starts.initramfs.sha256];
}
