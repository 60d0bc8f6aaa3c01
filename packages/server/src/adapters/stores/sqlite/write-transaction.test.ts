import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CompiledQuery } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createLoopTurns } from '../../../lib/loop-turns.ts';
import { refusal } from '../../../ports/store-contract/fixture.contract.ts';
import { createWriter, runTransaction, type Writer } from './write-transaction.ts';

const full = refusal('resource_exhausted', 'store.full');
const constraint = refusal('conflict', 'store.constraint');

describe('a transaction on the writing connection', () => {
  let database: Database;
  let writer: Writer;

  beforeEach(() => {
    database = new Database(':memory:');
    database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
    writer = createWriter(database, { busyTimeoutMs: 1000, turns: null, walLog: null });
  });
  afterEach(() => {
    database.close();
  });

  const insert = (id: number, body: string) => CompiledQuery.raw('INSERT INTO notes VALUES (?, ?)', [id, body]);
  const ids = (): readonly unknown[] => database.prepare('SELECT id FROM notes ORDER BY id').all([]);

  it('on a full disk is refused as a whole, also when its work would go on', async () => {
    // As SQLite sees it, this is what a full disk is.
    database.exec('PRAGMA max_page_count = 20');
    const attempt = runTransaction(writer, async (connection) => {
      await connection.execute(insert(1, 'before'));
      await expect(connection.execute(insert(2, 'x'.repeat(200_000)))).rejects.toEqual(full);
      expect(database.inTransaction).toBe(false);
      await connection.execute(insert(3, 'after'));
    });

    await expect(attempt).rejects.toEqual(full);
    expect(ids()).toEqual([]);

    await runTransaction(writer, async (connection) => await connection.execute(insert(4, 'later')));
    expect(ids()).toEqual([{ id: 4 }]);
  });

  it('whose work has swallowed a full disk is refused nonetheless', async () => {
    database.exec('PRAGMA max_page_count = 20');
    const attempt = runTransaction(writer, async (connection) => {
      await connection.execute(insert(1, 'before'));
      await connection.execute(insert(2, 'x'.repeat(200_000))).catch(() => undefined);
      return 'all is well';
    });

    await expect(attempt).rejects.toEqual(full);
    expect(ids()).toEqual([]);
  });

  it('goes on after a refusal that concerns one statement', async () => {
    await runTransaction(writer, async (connection) => {
      await connection.execute(insert(1, 'a'));
      await expect(connection.execute(insert(1, 'b'))).rejects.toEqual(constraint);
      await connection.execute(insert(2, 'c'));
    });

    expect(ids()).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('lets the next one in whatever became of it', async () => {
    const fault = new Error('no');
    const results = await Promise.allSettled([
      runTransaction(writer, () => Promise.reject(fault)),
      runTransaction(writer, (connection) => connection.execute(insert(1, 'a'))),
      runTransaction(writer, (connection) => connection.execute(insert(1, 'b'))),
      runTransaction(writer, (connection) => connection.execute(insert(2, 'c'))),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[0]).toMatchObject({ reason: fault });
    expect(ids()).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('is committed with those that come meanwhile, and each is undone by itself', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'volary-test-group-'));
    database.exec(`VACUUM INTO '${join(directory, 'notes.db')}'`);
    const file = new Database(join(directory, 'notes.db'));
    const others = new Database(join(directory, 'notes.db'));
    onTestFinished(() => {
      file.close();
      others.close();
      rmSync(directory, { recursive: true });
    });
    const writer = createWriter(file, { busyTimeoutMs: 1000, turns: null, walLog: null });
    const idsOf = (from: Database): readonly unknown[] =>
      from
        .prepare('SELECT id FROM notes ORDER BY id')
        .all<{ readonly id: number }>([])
        .map(({ id }) => id);
    /** Whether others see it by the time that it is said to be done. */
    const isSeen: boolean[] = [];
    const note = async (id: number): Promise<void> => {
      await runTransaction(writer, (connection) => connection.execute(insert(id, 'x')));
      isSeen.push(idsOf(others).includes(id));
    };
    const refuse = () =>
      runTransaction(writer, async (connection) => {
        await connection.execute(insert(2, 'undone'));
        await connection.execute(insert(1, 'there already'));
      });

    const all = await Promise.allSettled([note(1), refuse(), note(3), note(4)]);

    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(idsOf(file)).toEqual([1, 3, 4]);
    expect(isSeen).toEqual([true, true, true]);
  });

  it('that refuses because of another says so when that one can be seen by all', async () => {
    const turns = createLoopTurns({ longestMs: 60_000 });
    const grouped = createWriter(database, { busyTimeoutMs: 1000, turns, walLog: null });
    const first = runTransaction(grouped, (each) => each.execute(insert(1, 'a')));
    const refused = runTransaction(grouped, async () => {
      throw new Error(`there are ${ids().length}`);
    }).catch((error: unknown) => [String(error), database.inTransaction]);

    expect(await refused).toEqual([expect.stringContaining('there are 1'), false]);
    await first;
  });

  it('fails with its group when that is not committed, and the next one is another matter', async () => {
    // As SQLite sees it, this is what a full disk is.
    database.exec('PRAGMA max_page_count = 20');
    const results = await Promise.allSettled([
      runTransaction(writer, (connection) => connection.execute(insert(1, 'a'))),
      runTransaction(writer, (connection) => connection.execute(insert(2, 'b'))),
      runTransaction(writer, (connection) => connection.execute(insert(3, 'x'.repeat(200_000)))),
      runTransaction(writer, (connection) => connection.execute(insert(4, 'd'))),
    ]);

    expect(results.map((result) => (result.status === 'fulfilled' ? 'done' : result.reason))).toEqual([
      full,
      full,
      full,
      'done',
    ]);
    expect(ids()).toEqual([{ id: 4 }]);
  });

  it('lets others in this process have a turn, however many come', async () => {
    const fair = createWriter(database, {
      ...{ busyTimeoutMs: 10_000, turns: createLoopTurns({ longestMs: 1 }), walLog: null },
    });
    let othersTurns = 0;
    const other = (): void => {
      othersTurns += 1;
      if (othersTurns < 5) setImmediate(other);
    };
    setImmediate(other);

    let count = 0;
    const work = async (): Promise<void> => {
      while (othersTurns < 5 && count < 100_000)
        await runTransaction(fair, (each) => each.execute(insert(count++, 'x')));
    };
    await Promise.all([work(), work(), work()]);

    expect(othersTurns).toBe(5);
  });

  it('tells a bug in a statement as internal, with SQLite’s words as the cause only', async () => {
    const attempt = runTransaction(writer, (connection) =>
      connection.execute(CompiledQuery.raw('SELECT secret FROM nowhere')),
    );

    await expect(attempt).rejects.toMatchObject({
      code: 'internal',
      reason: 'store.unexpected',
      message: expect.not.stringContaining('nowhere'),
      cause: expect.objectContaining({ message: expect.stringContaining('nowhere') }),
    });
  });
});
