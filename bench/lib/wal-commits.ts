import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * The transactions in a SQLite write-ahead log that has not been reset: the last frame of each says how large the
 * database is after it, all others say 0 (https://www.sqlite.org/fileformat2.html#walformat).
 */
export function countCommits(walPath: string): number {
  const wal = readFileSync(walPath);
  if (wal.length < HEADER_BYTES) return 0;
  const frameBytes = FRAME_HEADER_BYTES + wal.readUInt32BE(8);
  let commits = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    if (wal.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}
