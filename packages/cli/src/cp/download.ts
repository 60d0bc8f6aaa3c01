import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileContent } from '@volary/sdk';
import { CliError } from '../errors.ts';
import type { CopyProgress } from './copy-progress.ts';
import { isSafeName } from './endpoint.ts';
import type { Remote } from './upload.ts';

const PERMISSIONS = 0o777;

/** Copies a file, or a directory with all that is in it, out of a VM. An existing directory here takes it up under its own name. */
export async function download(
  source: Remote,
  target: string,
  progress: CopyProgress,
  warn: (text: string) => void,
): Promise<void> {
  const entry = await source.client.files.stat(source.ref, source.path);
  const here = await stat(target).catch(() => null);
  const name = posix.basename(source.path);
  const path = here?.isDirectory() === true && isSafeName(name) ? join(target, name) : target;
  if (entry.type === 'directory') await downloadDirectory(source, path, progress, warn);
  else await downloadFile(source, path, progress);
}

/** Passes one file of a VM to a stream. */
export async function downloadStream(
  source: Remote,
  target: NodeJS.WritableStream,
  progress: CopyProgress,
): Promise<void> {
  const file = await source.client.files.read(source.ref, source.path);
  await pipeline(Readable.from(checked(file, source, progress)), target, { end: false });
  progress.fileDone();
}

/** Atomic: what was there before stays until the whole file is here. */
async function downloadFile(source: Remote, target: string, progress: CopyProgress): Promise<void> {
  const file = await source.client.files.read(source.ref, source.path);
  const here = await stat(target).catch(() => null);
  if (here !== null && !here.isFile()) {
    await pipeline(Readable.from(checked(file, source, progress)), createWriteStream(target)); // a device or a pipe
    return progress.fileDone();
  }
  const path = here === null ? target : await realpath(target); // a link stays one
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.part`);
  try {
    const mode = file.mode & PERMISSIONS & ~process.umask();
    await pipeline(
      Readable.from(checked(file, source, progress)),
      createWriteStream(temporary, { flags: 'wx', mode: 0o600 }),
    );
    await chmod(temporary, mode);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  progress.fileDone();
}

async function downloadDirectory(
  source: Remote,
  target: string,
  progress: CopyProgress,
  warn: (text: string) => void,
): Promise<void> {
  await mkdir(target, { recursive: true });
  for await (const entry of source.client.files.listAll(source.ref, source.path)) {
    const from = { ...source, path: posix.join(source.path, entry.name) };
    const to = join(target, entry.name);
    if (!isSafeName(entry.name)) warn(`A file whose name is not one was left out in ${source.path}`);
    else if (entry.type === 'directory') await downloadDirectory(from, to, progress, warn);
    else if (entry.type === 'file') await downloadFile(from, to, progress);
    else warn(`${from.path} was left out: it is a ${entry.type}`);
  }
}

/** The bytes, of which there must be as many as were announced. */
async function* checked(file: FileContent, source: Remote, progress: CopyProgress): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of progress.count(file.content)) {
    bytes += chunk.length;
    yield chunk;
  }
  if (file.sizeBytes !== null && bytes !== file.sizeBytes) {
    throw new CliError(`${source.path} came incompletely: ${bytes} of ${file.sizeBytes} bytes.`, {
      reason: 'cli.incomplete',
    });
  }
}
