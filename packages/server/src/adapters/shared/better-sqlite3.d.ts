/** The part of better-sqlite3 that we use; the package brings no types of its own. */
declare module 'better-sqlite3' {
  export interface RunResult {
    readonly changes: number;
    readonly lastInsertRowid: number | bigint;
  }

  /** A prepared statement. Everything is synchronous: when a call returns, nothing of it is under way. */
  export interface Statement {
    /** True when it answers with rows: then `all`, otherwise `run`. */
    readonly reader: boolean;
    /** `Row` is what the caller believes; nothing checks it. */
    all<Row>(parameters: readonly unknown[]): Row[];
    iterate<Row>(parameters: readonly unknown[]): IterableIterator<Row>;
    run(parameters: readonly unknown[]): RunResult;
  }

  export interface Options {
    readonly readonly?: boolean;
    readonly fileMustExist?: boolean;
    /** How long a call may block this thread while another connection holds the lock, milliseconds. */
    readonly timeout?: number;
  }

  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default class Database {
    static readonly SqliteError: typeof SqliteError;
    readonly open: boolean;
    readonly inTransaction: boolean;
    constructor(path: string, options?: Options);
    prepare(sql: string): Statement;
    exec(sql: string): this;
    pragma(source: string, options: { readonly simple: true }): unknown;
    close(): this;
  }

  /** What SQLite refused. `code` is the extended result code by name: `SQLITE_CONSTRAINT_UNIQUE`. */
  class SqliteError extends Error {
    readonly code: string;
  }
}
