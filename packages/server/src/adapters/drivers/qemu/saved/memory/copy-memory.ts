/** Copies a guest's memory out of its VMM, and tells copies apart. Everything here blocks: it is for a thread of its own. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { ENTRY_BYTES, PAGE_BYTES, privateRuns } from './pagemap.ts';

const CHUNK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Where a guest's memory lies in the VMM: one range of addresses, of a whole number of pages. */
export interface MemoryRange {
  readonly pid: number;
  readonly address: bigint;
  readonly bytes: number;
}

/**
 * Writes the pages that the VMM has for itself to where they belong in the file at `path`, which holds what the VMM has mapped
 * (`isBased`) or is empty. Pages of zeros become holes where nothing is below them. The guest must be halted.
 * Returns how many bytes were written.
 */
export function copyPrivatePages(range: MemoryRange, path: string, isBased: boolean): number {
  const [memory, target] = [openSync(`/proc/${range.pid}/mem`, 'r'), openSync(path, 'r+')];
  try {
    ftruncateSync(target, range.bytes);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let written = 0;
    for (const { first, count } of privateRuns(readPagemap(range), CHUNK_BYTES / PAGE_BYTES)) {
      const [offset, length] = [first * PAGE_BYTES, count * PAGE_BYTES];
      readFully(memory, buffer.subarray(0, length), range.address + BigInt(offset));
      for (const piece of isBased ? [{ from: 0, to: length }] : withoutZeros(buffer, length)) {
        writeFully(target, buffer.subarray(piece.from, piece.to), offset + piece.from);
        written += piece.to - piece.from;
      }
    }
    return written;
  } finally {
    closeSync(memory);
    closeSync(target);
  }
}

/** The SHA-256 of a file's size and all its chunks that are not zeros, with their places: holes cost next to nothing. Hexadecimal. */
export function digestSparse(path: string): string {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const { size } = fstatSync(file);
    hash.update(`${size}\n`);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
      const chunk = buffer.subarray(0, Math.min(CHUNK_BYTES, size - offset));
      readFully(file, chunk, BigInt(offset));
      if (chunk.equals(ZEROS.subarray(0, chunk.length))) continue;
      hash.update(`${offset}\n`).update(chunk);
    }
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

function readPagemap({ pid, address, bytes }: MemoryRange): Buffer {
  const pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    const entries = Buffer.alloc((bytes / PAGE_BYTES) * ENTRY_BYTES);
    readFully(pagemap, entries, (address / BigInt(PAGE_BYTES)) * BigInt(ENTRY_BYTES));
    return entries;
  } finally {
    closeSync(pagemap);
  }
}

/** Stretches between pages of zeros. */
function* withoutZeros(buffer: Buffer, length: number): Iterable<{ readonly from: number; readonly to: number }> {
  let from = -1;
  for (let at = 0; at < length; at += PAGE_BYTES) {
    const isZero = buffer.compare(ZEROS, 0, PAGE_BYTES, at, at + PAGE_BYTES) === 0;
    if (!isZero && from < 0) from = at;
    if (isZero && from >= 0) yield { from, to: at };
    if (isZero) from = -1;
  }
  if (from >= 0) yield { from, to: length };
}

function readFully(file: number, into: Buffer, position: bigint): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(file, into, done, into.length - done, position + BigInt(done));
    if (count === 0) throw new Error(`nothing can be read at ${position + BigInt(done)}`);
    done += count;
  }
}

function writeFully(file: number, from: Buffer, position: number): void {
  for (let done = 0; done < from.length; ) done += writeSync(file, from, done, from.length - done, position + done);
}
