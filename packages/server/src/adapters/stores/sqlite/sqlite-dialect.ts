import type Database from 'better-sqlite3';
import { SqliteAdapter, SqliteDialect, sql } from 'kysely';
import type { ColumnTypes } from '../shared/migrations/migration.ts';

/** How SQLite names the types of our columns; it compares text by its bytes anyway. */
export const SQLITE_TYPES: ColumnTypes = {
  integer: sql`integer`,
  bytes: sql`blob`,
  id: sql`text`,
  refuseUpdates: (table) =>
    sql`create trigger ${sql.id(`${table}_is_append_only`)} before update on ${sql.id(table)}
      begin select raise(abort, 'rows of this table are never changed'); end`,
};

/** Kysely's dialect for SQLite, with migrations in transactions: SQLite can roll back a change of the schema. */
export class TransactionalSqliteDialect extends SqliteDialect {
  constructor(database: Database) {
    super({ database });
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
