import { expect, test } from 'vitest';
import { ENTRY_BYTES, privateRuns } from './pagemap.ts';

const ABSENT = 0n;
const PRIVATE = 1n << 63n;
const SWAPPED = 1n << 62n;
const OF_FILE = (1n << 63n) | (1n << 61n);

function entries(...values: readonly bigint[]): Buffer {
  const buffer = Buffer.alloc(values.length * ENTRY_BYTES);
  for (const [index, value] of values.entries()) buffer.writeBigUInt64LE(value, index * ENTRY_BYTES);
  return buffer;
}

test('what a process has written is its own, in memory or swapped out; the file below it is not', () => {
  const runs = privateRuns(entries(PRIVATE, SWAPPED, OF_FILE, ABSENT, PRIVATE), 8);

  expect([...runs]).toEqual([
    { first: 0, count: 2 },
    { first: 4, count: 1 },
  ]);
});

test('runs are cut where they are too long', () => {
  expect([...privateRuns(entries(PRIVATE, PRIVATE, PRIVATE), 2)]).toEqual([
    { first: 0, count: 2 },
    { first: 2, count: 1 },
  ]);
  expect([...privateRuns(entries(), 2)]).toEqual([]);
});
