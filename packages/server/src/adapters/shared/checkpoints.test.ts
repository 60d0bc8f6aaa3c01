import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { Log } from '../../ports/log.ts';
import { type Checkpoints, createCheckpoints, type WatchedLog } from './checkpoints.ts';

let directory: string;
let path: string;
let database: Database;
let checkpoints: Checkpoints;
let told: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-checkpoints-'));
  path = join(directory, 'some.db');
  database = new Database(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('CREATE TABLE things (id INTEGER PRIMARY KEY, bytes BLOB)');
  told = [];
});
afterEach(async () => {
  await checkpoints[Symbol.asyncDispose]();
  database.close();
  rmSync(directory, { recursive: true });
});

function open(options: { readonly idleMs?: number; readonly pages?: number; readonly mostPages?: number } = {}) {
  checkpoints = createCheckpoints({ log: logOf(told) }, { pages: 50, ...options });
  return checkpoints.watch(database, path);
}

function logOf(messages: string[]): Log {
  const tell = (message: string): void => void messages.push(message);
  const log: Log = { debug: () => undefined, info: tell, warn: tell, error: tell, child: () => log };
  return log;
}

function commit(watched: WatchedLog): void {
  database.prepare('INSERT INTO things (bytes) VALUES (zeroblob(9000))').run([]);
  watched.committed();
}

function pagesOfLog(): number {
  const [row] = database.prepare('PRAGMA wal_checkpoint(NOOP)').all<{ readonly log: number }>([]);
  return row?.log ?? 0;
}

/** Commits until the log has begun anew; how long it was. */
async function commitUntilAnew(watched: WatchedLog): Promise<number> {
  const commitOnce = () => {
    const before = pagesOfLog();
    commit(watched);
    return pagesOfLog() < before && before;
  };
  return await until(commitOnce, 'a log that begins anew', { everyMs: 1 });
}

test('what was committed is moved by another thread, time and again, and all of it is there', async () => {
  await using watched = open();
  const lengths = [await commitUntilAnew(watched), await commitUntilAnew(watched), await commitUntilAnew(watched)];

  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(50);
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(told).toEqual([]);
});

test('nothing is moved within a commit', async () => {
  await using watched = open({ pages: 1_000_000 });
  for (let count = 0; count < 500; count++) commit(watched);

  expect(pagesOfLog()).toBeGreaterThan(1_500);
});

test('a log that readers keep from beginning anew does so when they have gone', async () => {
  await using watched = open({ mostPages: 100 });
  const reader = new Database(path, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM things').all([]);
  const commitOnce = () => {
    commit(watched);
    return pagesOfLog() >= 400;
  };
  await until(commitOnce, 'a log of 400 pages', { everyMs: 1 });
  reader.close();

  expect(await commitUntilAnew(watched)).toBeGreaterThanOrEqual(400);
});

test('the thread ends when there is nothing to move, and another begins when there is', async () => {
  await using watched = open({ idleMs: 0 });
  await commitUntilAnew(watched);
  await new Promise((resolve) => setTimeout(resolve, 20));

  expect(await commitUntilAnew(watched)).toBeGreaterThanOrEqual(50);
});

test('what cannot be moved is told once, and stands where it was committed', async () => {
  checkpoints = createCheckpoints({ log: logOf(told) }, { pages: 10 });
  await using watched = checkpoints.watch(database, join(directory, 'gone', 'other.db'));
  const commitOnce = () => {
    commit(watched);
    return told.length > 0;
  };
  await until(commitOnce, 'word of what cannot be moved', { everyMs: 1 });
  for (let count = 0; count < 100; count++) {
    commit(watched);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  expect(told).toEqual(['what was committed could not be moved into its database']);
  expect(pagesOfLog()).toBeGreaterThan(100);
});
