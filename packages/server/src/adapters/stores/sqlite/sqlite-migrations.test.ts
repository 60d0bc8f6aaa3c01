import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../ports/store-contract/fixture.contract.ts';
import { numberedId, sampleExecution, sampleVm } from '../../../ports/store-contract/samples.contract.ts';
import type { Migration } from '../shared/migrations/migration.ts';
import { MIGRATIONS } from '../shared/migrations/migrations.ts';
import { makeSqliteFixture, type SqliteFixture } from './sqlite-store.fixture.ts';

const VM = numberedId('vm', 1);
const LAST = MIGRATIONS.at(-1)?.name ?? '';

const addColumn: Migration = {
  name: '9001-add-column',
  altersData: false,
  up: async (db) => void (await sql`alter table settings add column note text`.execute(db)),
};
const rename: Migration = {
  name: '9002-rename-owners',
  altersData: true,
  up: async (db) => void (await sql`update vms set owner = 'somebody else'`.execute(db)),
};
/** How SQLite changes what a table may hold: a new one is filled from the old, which is dropped. */
const rebuild: Migration = {
  name: '9004-rebuild-executions',
  altersData: true,
  async up(db) {
    await sql`create table rebuilt (id text primary key, vm_id text not null)`.execute(db);
    await sql`insert into rebuilt select id, vm_id from executions`.execute(db);
    await sql`drop table executions`.execute(db);
    await sql`alter table rebuilt rename to executions`.execute(db);
  },
};
const fails: Migration = {
  name: '9003-fails',
  altersData: true,
  async up(db) {
    await sql`drop table execution_output`.execute(db);
    await sql`update vms set owner = 'nobody'`.execute(db);
    throw new Error('half way');
  },
};

/** A database with one VM, closed. */
async function usedDatabase(): Promise<SqliteFixture> {
  const fixture = makeSqliteFixture();
  const store = await fixture.open();
  await store.vms.insert(sampleVm(1));
  await store[Symbol.asyncDispose]();
  return fixture;
}

function filesBeside({ path }: SqliteFixture): readonly string[] {
  return readdirSync(dirname(path)).toSorted();
}

function ownersIn(path: string): readonly unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare('SELECT owner FROM vms').all([]);
  } finally {
    database.close();
  }
}

describe('migrations', () => {
  it('have names in their order, and there is none that two share', () => {
    const names = MIGRATIONS.map(({ name }) => name);

    expect(names).toEqual([...new Set(names)].toSorted());
    expect(names.every((name) => /^\d{4}-[a-z0-9-]+$/.test(name))).toBe(true);
  });

  it('are applied to a database that has others, with what is stored kept, and once only', async () => {
    await using fixture = await usedDatabase();

    for (let i = 0; i < 2; i++) {
      const store = await fixture.open({ migrations: [...MIGRATIONS, addColumn] });
      expect(await store.vms.get(VM)).toEqual(sampleVm(1));
      await store[Symbol.asyncDispose]();
    }

    expect(filesBeside(fixture)).toEqual(['volary.db']);
  });

  it('that alter what is stored come after a copy, for its owner alone', async () => {
    await using fixture = await usedDatabase();

    const store = await fixture.open({ migrations: [...MIGRATIONS, addColumn, rename] });
    await store[Symbol.asyncDispose]();

    expect(filesBeside(fixture)).toEqual(['volary.db', `volary.db.at-${LAST}`]);
    const copy = `${fixture.path}.at-${LAST}`;
    expect(ownersIn(copy)).toEqual([{ owner: 'admin' }]);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(ownersIn(fixture.path)).toEqual([{ owner: 'somebody else' }]);
  });

  it('make no copy of a database that is new', async () => {
    await using fixture = makeSqliteFixture();

    const store = await fixture.open({ migrations: [...MIGRATIONS, rename] });
    await store[Symbol.asyncDispose]();

    expect(filesBeside(fixture)).toEqual(['volary.db']);
  });

  it('that fail leave the database as it was, and can be tried again', async () => {
    await using fixture = await usedDatabase();

    for (let i = 0; i < 2; i++) {
      await expect(fixture.open({ migrations: [...MIGRATIONS, rename, fails] })).rejects.toThrow('half way');
    }

    const store = await fixture.open();
    expect(await store.vms.get(VM)).toEqual(sampleVm(1));
    await store.executions.insert(sampleExecution(1, VM));
    await store.executions.appendOutput(numberedId('exec', 1), 'stdout', 0, new Uint8Array(1));
  });

  it('that rebuild a table keep the rows of others that refer to it', async () => {
    await using fixture = makeSqliteFixture();
    const before = await fixture.open();
    await before.executions.insert(sampleExecution(1, VM));
    await before.executions.appendOutput(numberedId('exec', 1), 'stdout', 0, new Uint8Array(7));
    await before[Symbol.asyncDispose]();

    const after = await fixture.open({ migrations: [...MIGRATIONS, rebuild] });

    expect(await after.executions.outputLengths(numberedId('exec', 1))).toEqual({ stdout: 7, stderr: 0 });
  });

  it('of a newer version are respected: the database is refused in one sentence and left alone', async () => {
    await using fixture = await usedDatabase();
    const newer = await fixture.open({ migrations: [...MIGRATIONS, addColumn] });
    await newer[Symbol.asyncDispose]();
    const before = readFileSync(fixture.path);

    const fault = await fixture.open().catch((error: unknown) => error);

    expect(fault).toEqual(
      refusal('failed_precondition', 'store.newer_version', { stored: addColumn.name, known: LAST }),
    );
    expect(String(fault)).toMatch(/run that version, or put back the copy/);
    expect(readFileSync(fixture.path).equals(before)).toBe(true);
  });
});
