import type { Kysely } from 'kysely';
import type { Connection } from './connection.ts';
import type { Schema } from './schema.ts';

/** What each method of a table does. Only what is waited for can write. */
type Methods<Table> = {
  readonly [Method in keyof Table]: Table[Method] extends (...args: never) => Promise<unknown>
    ? 'reads' | 'writes'
    : 'reads';
};

/** The count of changes to VMs, which a store may answer by and is told of. */
export interface VmChanges {
  /** Null: it says nothing about what a reader of this connection sees. */
  readonly changeCount: () => number | null;
  readonly onChange: () => void;
}

/** A table, over whatever database. */
export interface TableDefinition<Table> {
  readonly methods: Methods<Table>;
  /** The table over one connection; `compiler` builds its queries, once for all connections. */
  open(connection: Connection, compiler: Kysely<Schema>, vmChanges: VmChanges): Table;
}

/**
 * The table of these queries. Its `methods` name every one that it has: what is not known to write would be done by a
 * reader.
 */
export function defineTable<Table, Statements>({
  statements,
  table,
  methods,
}: {
  readonly statements: (compiler: Kysely<Schema>) => Statements;
  readonly table: (connection: Connection, statements: Statements, vmChanges: VmChanges) => Table;
  readonly methods: Methods<Table>;
}): TableDefinition<Table> {
  const compiled = new WeakMap<Kysely<Schema>, Statements>();
  return {
    methods,
    open(connection, compiler, vmChanges) {
      const known = compiled.get(compiler) ?? statements(compiler);
      compiled.set(compiler, known);
      return table(connection, known, vmChanges);
    },
  };
}
