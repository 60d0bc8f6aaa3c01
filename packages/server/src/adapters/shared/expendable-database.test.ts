import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { damageTable } from './damage-file.fixture.ts';
import { createExpendableDatabase, createExpendableReader, DamageFound, fileId } from './expendable-database.ts';

let directory: string;
let path: string;
let damages: unknown[];
/** Closing the file takes until this. */
let mayClose: Promise<void>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-expendable-'));
  path = join(directory, 'notes.db');
  damages = [];
  mayClose = Promise.resolve();
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(): Database {
  const database = new Database(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)');
  return database;
}

async function close(database: Database): Promise<void> {
  await mayClose;
  database.close();
}

const fileOfNotes = () => createExpendableDatabase({ path, open, close, damaged: (error) => damages.push(error) });
const readerOfNotes = () => createExpendableReader({ path, open: () => new Database(path, { readonly: true }), close });

const add = (text: string) => (database: Database) => database.prepare('INSERT INTO notes VALUES (?)').run([text]);
const list = (database: Database) =>
  database
    .prepare('SELECT text FROM notes')
    .all<{ readonly text: string }>([])
    .map(({ text }) => text);

it('does in a new file what found the old one damaged, when it was opened or long after, and puts that aside', async () => {
  const notes = fileOfNotes();
  await notes.use(add('lost'));
  await notes.close();
  damageTable(path, 'notes');

  await notes.use(add('kept'));
  expect(await notes.use(list)).toEqual(['kept']);
  await notes.close();
  writeFileSync(path, 'this is no database'.repeat(1_000));
  await notes.use(add('kept again'));

  expect(await notes.use(list)).toEqual(['kept again']);
  expect(damages).toHaveLength(2);
  await notes.close();
  expect(readdirSync(directory).toSorted()).toEqual(['notes.db', 'notes.db.damaged']);
});

it('lets who comes meanwhile wait until the damaged file is closed, and works in the new one', async () => {
  const notes = fileOfNotes();
  await notes.use(add('lost'));
  await notes.close();
  damageTable(path, 'notes');
  const closing = Promise.withResolvers<void>();
  mayClose = closing.promise;

  const both = [notes.use(add('first')), notes.use(add('second'))];
  await new Promise((resolve) => setImmediate(resolve));
  expect(readdirSync(directory)).not.toContain('notes.db.damaged');
  closing.resolve();
  await Promise.all(both);

  expect((await notes.use(list)).toSorted()).toEqual(['first', 'second']);
  expect(damages).toHaveLength(1);
  await notes.close();
});

it('leaves the file where it is when something else fails', async () => {
  const notes = fileOfNotes();
  await notes.use(add('kept'));

  await expect(notes.use((database) => database.exec('nonsense'))).rejects.toThrow('syntax error');

  expect(await notes.use(list)).toEqual(['kept']);
  expect(damages).toEqual([]);
  await notes.close();
});

it('puts aside what who reads found damaged, once, and who reads goes on with the new file', async () => {
  const notes = fileOfNotes();
  await notes.use(add('lost'));
  await notes.close();
  damageTable(path, 'notes');
  const reader = readerOfNotes();
  await notes.use(() => undefined);
  const damagedId = fileId(path);

  const found = await reader.use(list).catch((error: unknown) => error);
  expect(found).toBeInstanceOf(DamageFound);
  expect(found).toMatchObject({ fileId: damagedId });
  for (const _ of ['once', 'and again, when it is another one']) await notes.putAside(damagedId ?? 0);
  await notes.use(add('kept'));

  expect(await reader.use(list)).toEqual(['kept']);
  expect(damages).toHaveLength(1);
  await reader.close();
  await notes.close();
});
