import type { CompiledQuery } from 'kysely';

/** What came of one statement. */
export interface Result<Row> {
  /** As the statement's type says; nothing has checked it, so rows go through a codec before they go anywhere else. */
  readonly rows: readonly Row[];
  /** Rows inserted, updated or deleted. */
  readonly changedRows: number;
}

/**
 * Runs statements, one after the other, on one database: in a transaction or outside of one, as whoever made it says.
 * Throws `unavailable` store.busy, `resource_exhausted` store.full, `data_loss` store.damaged, `conflict` store.constraint (a
 * unique or foreign key refused the write; its statement has then changed nothing).
 */
export interface Connection {
  execute<Row>(query: CompiledQuery<Row>): Promise<Result<Row>>;
}

/** A database, as the store needs it: what each kind of database fulfils in its own way. */
export interface DatabaseBackend extends AsyncDisposable {
  /** For reads outside of transactions: each sees all that was committed before it, and nothing else. */
  readonly reader: Connection;
  /**
   * Runs `work` in a transaction that may write: all its statements or none, as if no other one ran meanwhile. The connection
   * is of no use after `work` has ended.
   */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** True when nobody but this backend writes to the database. */
  readonly isOnlyWriter: boolean;
}
