import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDiskFull } from '../disk-full.ts';
import { diskFull } from './fetch-errors.ts';

export type Algorithm = 'sha256' | 'sha512';

/** What is read at a time of what was there before, bytes. */
const READ_BYTES = 1024 * 1024;

/** The beginning of a file that is being fetched, with the digest of what has come. It outlives whoever fetches it. */
export interface PartFile extends AsyncDisposable {
  /** Bytes that are there. */
  readonly length: number;
  /** How often something that was there has been thrown away. */
  readonly restarts: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  /** Digest of what is there, in hex; it is on the disk then. Nothing is appended afterwards. */
  finish(): Promise<string>;
}

/** Opens the part at this path, or begins it; nobody else may. Throws `resource_exhausted` download.disk_full, and then removes it. */
export async function openPartFile(path: string, algorithm: Algorithm, signal: AbortSignal): Promise<PartFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const file = await open(path, 'a+', 0o600);
  try {
    let { hash, length } = await digestOf(file, algorithm, signal);
    let restarts = 0;
    return {
      get restarts() {
        return restarts;
      },
      get length() {
        return length;
      },
      async append(bytes) {
        await roomFor(path, () => file.appendFile(bytes));
        hash.update(bytes);
        length += bytes.length;
      },
      async restart() {
        await file.truncate(0);
        if (length > 0) restarts += 1;
        hash = createHash(algorithm);
        length = 0;
      },
      async finish() {
        await roomFor(path, () => file.sync());
        return hash.digest('hex');
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function digestOf(
  file: FileHandle,
  algorithm: Algorithm,
  signal: AbortSignal,
): Promise<{ readonly hash: Hash; readonly length: number }> {
  const hash = createHash(algorithm);
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let length = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, length);
    if (bytesRead === 0) return { hash, length };
    hash.update(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
}

/** A part that fills the disk is in the way of everybody, and of itself. */
async function roomFor(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    await rm(path, { force: true });
    throw diskFull(error);
  }
}
