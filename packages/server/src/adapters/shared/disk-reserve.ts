/**
 * A file that only takes up room, so that a server can start on a disk that is full: opening the database after a kill
 * takes some bytes, and nobody can delete anything through a server that does not start.
 *
 *   start: no room? -> some of it is given back -> started
 *   then, and every 10 s: the least is put aside again, and all of it once there is space
 *
 * A start leaves some 12 KiB behind. Should commands' output take all that was given back, then there is enough for as many more
 * starts as the least is larger than what one is given.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';
import { isDiskFull } from './disk-full.ts';

const MIB = 1024 ** 2;
/** What is put aside while there is space. */
const RESERVE_BYTES = 8 * MIB;
/** What is put aside whatever is left; what is above it may be worked with, to delete something for example. */
const LEAST_BYTES = 4 * MIB;
/** More than a start needs. */
const START_BYTES = MIB;
/** There is space when so much is free besides: a server with less says that its disk is full. */
const SPACE_BYTES = 16 * MIB;
const LOOK_MS = 10_000;

/** Disposing ends the looks and leaves the file to the next start. */
export interface DiskReserve extends AsyncDisposable {
  /** Puts aside what there is room for, now and every 10 s. To be called once, when the server has started. */
  keep(): Promise<void>;
}

/** Gives some of the reserve back if there is no room for a start. Whoever calls it holds the lock of the data directory. */
export function openDiskReserve(dataDir: string, { log }: { readonly log: Log }): DiskReserve {
  const path = join(dataDir, 'reserve');
  let filling: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  if (!hasRoom(path)) {
    giveBack(path);
    log.warn('the disk that holds the data is full: what was put aside for that is used to start');
  }

  async function look(): Promise<void> {
    filling = fill(dataDir, path).catch((error: unknown) => {
      log.warn('nothing could be put aside for starting on a full disk', { error });
    });
    await filling;
    if (!isStopped) timer = setTimeout(() => void look(), LOOK_MS).unref();
  }

  return {
    keep: look,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await filling;
    },
  };
}

/** Found out by writing past the reserve's end: of quotas, and of blocks that are for root alone, no figure tells. */
function hasRoom(path: string): boolean {
  const file = openSync(path, 'a', 0o600);
  const bytes = Math.min(fstatSync(file).size, RESERVE_BYTES);
  try {
    const block = randomBlock();
    for (let left = START_BYTES; left > 0; ) left -= writeSync(file, block, 0, Math.min(left, block.length));
    return true;
  } catch (error) {
    if (isDiskFull(error)) return false;
    throw error;
  } finally {
    ftruncateSync(file, bytes);
    closeSync(file);
  }
}

function giveBack(path: string): void {
  truncateSync(path, Math.max(0, Math.min(statSync(path).size, LEAST_BYTES) - START_BYTES));
}

/** Makes the file as large as it shall be now, or as there is room for. */
async function fill(dataDir: string, path: string): Promise<void> {
  await using file = await open(path, 'a', 0o600);
  const { size } = await file.stat();
  const { bavail, bsize } = await statfs(dataDir);
  const isSpace = bavail * bsize >= SPACE_BYTES + RESERVE_BYTES - size;
  let left = (isSpace ? RESERVE_BYTES : LEAST_BYTES) - size;
  if (left <= 0) return;
  const block = randomBlock();
  try {
    while (left > 0) left -= (await file.write(block, 0, Math.min(left, block.length))).bytesWritten;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** Of what no file system can make less: holes and repetitions take no room on some. */
function randomBlock(): Uint8Array {
  return randomFillSync(new Uint8Array(MIB));
}
