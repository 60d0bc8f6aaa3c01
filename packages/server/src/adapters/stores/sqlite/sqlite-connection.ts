import type Database from 'better-sqlite3';
import type { Statement } from 'better-sqlite3';
import type { CompiledQuery } from 'kysely';
import type { Connection, Result } from '../shared/connection.ts';
import { closed, translateSqliteError } from './sqlite-errors.ts';

/** Statements kept ready at most. Their number is that of query shapes, some dozens; a bound is only there for the unforeseen. */
const KEPT_STATEMENTS = 512;

/** A connection that keeps statements prepared: preparing takes SQLite several times what running most of them does. */
export function createSqliteConnection(database: Database): Connection {
  const prepared = new Map<string, Statement>();

  function prepare(sql: string): Statement {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    if (prepared.size >= KEPT_STATEMENTS) prepared.clear();
    const statement = database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  }

  return {
    async execute<Row>({ sql, parameters }: CompiledQuery<Row>): Promise<Result<Row>> {
      if (!database.open) throw closed();
      try {
        const statement = prepare(sql);
        // Only statements that return rows may be asked for all of them.
        if (statement.reader) return { rows: statement.all<Row>(parameters), changedRows: 0 };
        return { rows: [], changedRows: statement.run(parameters).changes };
      } catch (error) {
        throw translateSqliteError(error);
      }
    },
  };
}
