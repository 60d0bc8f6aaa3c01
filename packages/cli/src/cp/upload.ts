import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, join, posix, resolve } from 'node:path';
import type { VolaryClient } from '@volary/sdk';
import { CliError } from '../errors.ts';
import type { CopyProgress } from './copy-progress.ts';

const CHUNK_BYTES = 256 * 1024;
const PERMISSIONS = 0o777;

/** A place in a VM. */
export interface Remote {
  readonly client: VolaryClient;
  readonly ref: string;
  readonly path: string;
}

/** Copies a file, or a directory with all that is in it, into a VM. An existing directory there takes it up under its own name. */
export async function upload(
  source: string,
  target: Remote,
  progress: CopyProgress,
  warn: (text: string) => void,
): Promise<void> {
  const facts = await stat(source).catch((cause: unknown) => {
    throw new CliError(`${source} cannot be read.`, { reason: 'cli.no_such_file', cause });
  });
  const path = await placeFor(target, basename(resolve(source)));
  if (!facts.isDirectory()) await uploadFile(source, { ...target, path }, progress);
  else await uploadDirectory(source, { ...target, path }, progress, warn);
}

/** Writes everything from a stream into one file of a VM. */
export async function uploadStream(
  source: AsyncIterable<Uint8Array>,
  target: Remote,
  progress: CopyProgress,
): Promise<void> {
  await target.client.files.write(target.ref, target.path, progress.count(source));
  progress.fileDone();
}

async function uploadFile(source: string, { client, ref, path }: Remote, progress: CopyProgress): Promise<void> {
  await using file: FileHandle = await open(source, 'r');
  const { mode } = await file.stat();
  const chunks = createReadStream(source, { fd: file, autoClose: false, highWaterMark: CHUNK_BYTES });
  await client.files.write(ref, path, progress.count(chunks), { mode: mode & PERMISSIONS });
  progress.fileDone();
}

async function uploadDirectory(
  source: string,
  target: Remote,
  progress: CopyProgress,
  warn: (text: string) => void,
): Promise<void> {
  await target.client.files.makeDirectory(target.ref, target.path, { parents: true });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = { ...target, path: posix.join(target.path, entry.name) };
    const linked = entry.isSymbolicLink() ? await stat(from).catch(() => null) : null;
    if (entry.isDirectory()) await uploadDirectory(from, to, progress, warn);
    else if (entry.isFile() || linked?.isFile() === true) await uploadFile(from, to, progress);
    else warn(`${from} was left out: it is neither a file nor a directory`);
  }
}

/** Where it goes: into the directory that is there, or to the path itself. */
async function placeFor({ client, ref, path }: Remote, name: string): Promise<string> {
  if (path.endsWith('/')) return posix.join(path, name);
  const existing = await client.files.stat(ref, path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'not_found' && isAboutFile(error)) return null;
    throw error;
  });
  return existing?.type === 'directory' ? posix.join(path, name) : path;
}

/** An unknown VM is an error; a path that is not there yet is not. */
function isAboutFile(error: object): boolean {
  return 'reason' in error && String(error.reason).startsWith('guest.');
}
