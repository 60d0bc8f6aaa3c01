/**
 * The file that an image is made of, from the network or from a folder of the host, open for a program in the sandbox. What was fetched is what its
 * checksum says; what is on the host already is read where it lies, so that this is still to be found out, and looked at again afterwards. One that
 * only its owner may read is copied first.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readlink, realpath, rm } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { FileSource } from '../../../domain/image/definition.ts';
import type { BuildProgress } from '../../../ports/image-source.ts';
import { isDiskFull } from '../../shared/disk-full.ts';
import { checksumMismatch } from '../../shared/fetch/fetch-errors.ts';
import type { Fetcher } from '../../shared/fetch/fetcher.ts';
import { diskTooLarge, fileChanged, noFile, noRoom, pathRefused } from './disk-errors.ts';

export interface FileDeps {
  readonly fetcher: Fetcher;
  /** Absolute; files below these may be taken, no others of the host. */
  readonly folders: readonly string[];
  /** Where files from the network grow. Only we get in. */
  readonly downloadsPath: string;
  /** How the names of those files begin: nobody else uses it meanwhile. */
  readonly partPrefix: string;
  /** More than this a file may not have. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

export interface SourceFile extends AsyncDisposable {
  /** Anybody who has it may open its file again, for reading. */
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  /** Reads all of it where nobody has yet. Throws `failed_precondition` download.checksum_mismatch, the signal's reason. */
  verify(signal: AbortSignal): Promise<void>;
  /** Throws `failed_precondition` image.file_changed if it is not any more what was verified. */
  requireUnchanged(): Promise<void>;
  /** Removes what was fetched or copied, since it is not needed again. What is the host's stays. */
  discard(): Promise<void>;
}

const STEP_BYTES = 1024 * 1024;
const TOLD_BYTES = 32 * 1024 * 1024;

/**
 * Has the file, which may have to be verified. The caller alone works on this checksum. Throws `failed_precondition` download.checksum_mismatch, `invalid_argument`
 * image.path_refused, `failed_precondition` image.no_file, image.too_large, `resource_exhausted` image.no_room, as the fetcher, the signal's reason.
 */
export async function obtainFile(
  source: FileSource,
  { isLocalAllowed }: { readonly isLocalAllowed: boolean },
  deps: FileDeps,
): Promise<SourceFile> {
  await mkdir(deps.downloadsPath, { recursive: true, mode: 0o700 });
  const partPath = join(deps.downloadsPath, `${deps.partPrefix}-${source.sha256}.part`);
  if (!isAbsolute(source.location)) {
    await deps.fetcher.fetchFile({
      ...{ url: source.location, partPath, maxBytes: deps.maxBytes, isLocalAllowed, signal: deps.signal },
      checksum: { algorithm: 'sha256', expected: source.sha256 },
      onProgress: ({ receivedBytes, totalBytes }) => tell(deps, 'download', receivedBytes, totalBytes),
    });
    return await ourOwn(partPath);
  }
  if (!isLocalAllowed) throw pathRefused();
  await using file = await openBelow(source.location, deps.folders);
  const { mode, size } = await file.handle.stat();
  if (size > deps.maxBytes) throw diskTooLarge(size, deps.maxBytes);
  const isReadable = (mode & 0o004) !== 0 || process.getuid?.() !== 0;
  return isReadable ? await whereItLies(file.keep(), source, deps) : await copied(file.handle, partPath, source, deps);
}

/** The same, verified. */
export async function obtainVerified(...[source, options, deps]: Parameters<typeof obtainFile>): Promise<SourceFile> {
  const file = await obtainFile(source, options, deps);
  try {
    await file.verify(deps.signal);
    return file;
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/** A file of the host that programs in the sandbox may read. It is closed with what is returned. */
async function whereItLies(handle: FileHandle, source: FileSource, deps: FileDeps): Promise<SourceFile> {
  const before = await stateOf(handle);
  return {
    handle,
    sizeBytes: before.size,
    verify: (signal) => requireDigest(source, digestOf(handle, null, { ...deps, signal })),
    async requireUnchanged() {
      const { size, changed } = await stateOf(handle);
      if (size !== before.size || changed !== before.changed) throw fileChanged();
    },
    discard: async () => undefined,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** One that they may not: a copy of ours, which is verified as it is made. */
async function copied(handle: FileHandle, path: string, source: FileSource, deps: FileDeps): Promise<SourceFile> {
  try {
    await requireDigest(source, digestOf(handle, path, deps));
    return await ourOwn(path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function requireDigest({ sha256 }: FileSource, reading: Promise<string>): Promise<void> {
  const actual = await reading;
  if (actual !== sha256) throw checksumMismatch('sha256', sha256, actual);
}

/** A file that nobody else can get at, since its folder is ours; it has been verified. */
async function ourOwn(path: string): Promise<SourceFile> {
  await chmod(path, 0o644);
  const handle = await open(path, 'r');
  const { size: sizeBytes } = await handle.stat();
  return {
    handle,
    sizeBytes,
    verify: async () => undefined,
    requireUnchanged: async () => undefined,
    discard: () => rm(path, { force: true }),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** Opens a regular file below one of the folders, wherever links lead. It is closed with what is returned, unless that was kept. */
async function openBelow(path: string, folders: readonly string[]) {
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => null)));
  const isBelow = (real: string): boolean => roots.some((root) => root !== null && real.startsWith(root + sep));
  const real = await realpath(path).catch(() => null);
  // What does not exist is told only where it could be seen if it did.
  if (real === null)
    throw folders.some((folder) => path.startsWith(folder + sep)) && !path.includes('..') ? noFile() : pathRefused();
  if (!isBelow(real)) throw pathRefused();
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) throw noFile();
  let isKept = false;
  const opened = {
    handle,
    keep() {
      isKept = true;
      return handle;
    },
    async [Symbol.asyncDispose]() {
      if (!isKept) await handle.close();
    },
  };
  try {
    // What was opened is what is judged: a folder on the way may have become a link meanwhile.
    if (!isBelow(await readlink(`/proc/self/fd/${handle.fd}`))) throw pathRefused();
    if (!(await handle.stat()).isFile()) throw noFile();
    return opened;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What every change of a file changes; nobody but root can set it. */
async function stateOf(handle: FileHandle): Promise<{ readonly size: number; readonly changed: string }> {
  const { size, ctimeNs, ino } = await handle.stat({ bigint: true });
  return { size: Number(size), changed: `${ino}:${ctimeNs}` };
}

/** Hex sha256 of the file, which is copied on the way if there is a path for that. */
async function digestOf(handle: FileHandle, copyPath: string | null, deps: FileDeps): Promise<string> {
  const { signal } = deps;
  const { size } = await handle.stat();
  await using copy = copyPath === null ? null : await open(copyPath, 'w', 0o600);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(STEP_BYTES);
  for (let at = 0, told = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    hash.update(bytes);
    await copy?.write(bytes, 0, bytesRead, at).catch((error: unknown) => {
      throw isDiskFull(error) ? noRoom(size, error) : error;
    });
    at += bytesRead;
    if (at - told < TOLD_BYTES) continue;
    told = at;
    tell(deps, 'verify', at, size);
  }
  return hash.digest('hex');
}

function tell(deps: FileDeps, step: 'download' | 'verify', bytes: number, total: number | null): void {
  const mib = (count: number): string => `${Math.floor(count / 1024 ** 2)}`;
  const message = total === null ? `${mib(bytes)} MiB` : `${mib(bytes)} of ${mib(total)} MiB`;
  deps.onProgress({ step, fraction: total === null || total === 0 ? null : bytes / total, message });
}
