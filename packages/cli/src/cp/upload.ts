import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, join, posix, resolve } from 'node:path';
import { type VolaryClient, VolaryConnectionError } from '@volary/sdk';
import type { CopyProgress } from './copy-progress.ts';
import { showBytes, textOfName } from './file-names.ts';
import { brokenOffError, type LeaveOut } from './left-out.ts';
import { locally } from './local-file.ts';

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
  leaveOut: LeaveOut,
): Promise<void> {
  const facts = await locally(source, 'read', () => stat(source));
  const path = await placeFor(target, basename(resolve(source)));
  if (!facts.isDirectory()) await uploadFile(source, { ...target, path }, progress);
  else await uploadDirectory(source, { ...target, path }, progress, leaveOut);
}

/** Writes everything from a stream into one file of a VM. */
export async function uploadStream(
  source: AsyncIterable<Uint8Array>,
  target: Remote,
  progress: CopyProgress,
): Promise<void> {
  await locally('The input', 'read', () => target.client.files.write(target.ref, target.path, progress.count(source)));
  progress.fileDone();
}

async function uploadFile(source: string, target: Remote, progress: CopyProgress): Promise<void> {
  await locally(source, 'read', () => sendFile(source, target, progress));
  progress.fileDone();
}

async function sendFile(source: string, { client, ref, path }: Remote, progress: CopyProgress): Promise<void> {
  await using file: FileHandle = await open(source, 'r');
  const { mode } = await file.stat();
  const chunks = createReadStream(source, { fd: file, autoClose: false, highWaterMark: CHUNK_BYTES });
  try {
    await client.files.write(ref, path, progress.count(chunks), { mode: mode & PERMISSIONS });
  } catch (error) {
    // It was asked for the target a moment ago, and answered.
    throw error instanceof VolaryConnectionError ? brokenOffError(source, error) : error;
  }
}

async function uploadDirectory(
  source: string,
  target: Remote,
  progress: CopyProgress,
  leaveOut: LeaveOut,
): Promise<void> {
  await target.client.files.makeDirectory(target.ref, target.path, { parents: true });
  const entries = await locally(source, 'read', () => readdir(source, { withFileTypes: true, encoding: 'buffer' }));
  for (const entry of entries) {
    const name = textOfName(entry.name);
    if (name === null) {
      leaveOut(join(source, showBytes(entry.name)), 'its name is not UTF-8');
      continue;
    }
    const from = join(source, name);
    const to = { ...target, path: posix.join(target.path, name) };
    const linked = entry.isSymbolicLink() ? await stat(from).catch(() => null) : null;
    if (entry.isDirectory()) await uploadDirectory(from, to, progress, leaveOut);
    else if (entry.isFile() || linked?.isFile() === true) await uploadFile(from, to, progress);
    else leaveOut(from, 'it is neither a file nor a directory');
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
