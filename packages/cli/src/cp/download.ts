import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type FileContent, VolaryApiError, VolaryConnectionError } from '@volary/sdk';
import { CliError } from '../errors.ts';
import type { CopyProgress } from './copy-progress.ts';
import { isSafeName } from './endpoint.ts';
import { showGuestName } from './file-names.ts';
import { brokenOffError, type LeaveOut } from './left-out.ts';
import { locally } from './local-file.ts';
import type { Remote } from './upload.ts';

const PERMISSIONS = 0o777;
/** What becomes of bytes that are no UTF-8 where nothing better is done with them. */
const REPLACEMENT = '\ufffd';

/** Copies a file, or a directory with all that is in it, out of a VM. An existing directory here takes it up under its own name. */
export async function download(
  source: Remote,
  target: string,
  progress: CopyProgress,
  leaveOut: LeaveOut,
): Promise<void> {
  const entry = await source.client.files.stat(source.ref, source.path);
  const here = await stat(target).catch(() => null);
  const name = posix.basename(source.path);
  const path = here?.isDirectory() === true && isSafeName(name) ? join(target, name) : target;
  if (entry.type === 'directory') await downloadDirectory(source, path, progress, leaveOut);
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
  await locally(target, 'written', () => writeFile(file, source, target, progress));
  progress.fileDone();
}

async function writeFile(file: FileContent, source: Remote, target: string, progress: CopyProgress): Promise<void> {
  const here = await stat(target).catch(() => null);
  if (here !== null && !here.isFile()) {
    await pipeline(Readable.from(checked(file, source, progress)), createWriteStream(target)); // a device or a pipe
    return;
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
}

async function downloadDirectory(
  source: Remote,
  target: string,
  progress: CopyProgress,
  leaveOut: LeaveOut,
): Promise<void> {
  await locally(target, 'written', () => mkdir(target, { recursive: true }));
  for await (const entry of source.client.files.listAll(source.ref, source.path)) {
    const from = { ...source, path: posix.join(source.path, entry.name) };
    const to = join(target, entry.name);
    if (!isSafeName(entry.name)) leaveOut(source.path, 'a file in it has an invalid name');
    else if (!(await canBeNamed(from))) leaveOut(showGuestName(from.path), 'its name is not UTF-8');
    else if (entry.type === 'directory') await downloadDirectory(from, to, progress, leaveOut);
    else if (entry.type === 'file') await downloadFile(from, to, progress);
    else leaveOut(from.path, `it is a ${entry.type}`);
  }
}

/** False for a file that is listed, and is not there by the name in which the list has it. */
async function canBeNamed({ client, ref, path }: Remote): Promise<boolean> {
  if (!path.isWellFormed()) return false;
  if (!path.includes(REPLACEMENT)) return true;
  return client.files.stat(ref, path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof VolaryApiError && error.reason === 'guest.no_such_file') return false;
      throw error;
    },
  );
}

/** The bytes, of which there must be as many as were announced. */
async function* checked(file: FileContent, source: Remote, progress: CopyProgress): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of progress.count(file.content)) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    // The server had begun to answer: it is there, whatever cut the rest.
    throw error instanceof VolaryConnectionError ? brokenOffError(source.path, error) : error;
  }
  if (file.sizeBytes !== null && bytes !== file.sizeBytes) {
    throw new CliError(`${source.path} came incompletely: ${bytes} of ${file.sizeBytes} bytes.`, {
      reason: 'cli.incomplete',
    });
  }
}
