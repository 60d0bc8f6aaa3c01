import Database from 'better-sqlite3';
import { CompiledQuery } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    writer = createWriter(database, 1000);
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
