import type { CompiledQuery } from 'kysely';
import type { VolaryError } from '../../../../domain/errors.ts';
import type { Connection } from '../connection.ts';
import { revisionConflict } from './conflicts.ts';

/** What is kept under an id and a name, and is written by compare-and-set. */
interface Named {
  readonly id: string;
  readonly name: string | null;
  readonly revision: number;
}

/** The queries of such a table. An insertion changes nothing where the name is taken. */
interface NamedStatements<Row, Page> {
  readonly insert: (row: Row) => CompiledQuery<unknown>;
  readonly get: (which: { readonly id: string }) => CompiledQuery<Row>;
  readonly getByName: (which: { readonly name: string }) => CompiledQuery<Row>;
  readonly list: (page: Page) => CompiledQuery<Row>;
  readonly update: (row: Row & { readonly read_revision: number }) => CompiledQuery<unknown>;
  readonly delete: (which: { readonly id: string; readonly revision: number }) => CompiledQuery<unknown>;
}

interface NamedKind<Row, Value extends Named> {
  /** What it is called in errors. */
  readonly what: string;
  readonly encode: (value: Value) => Row;
  readonly decode: (row: Row) => Value;
  readonly nameTaken: (name: Value['name']) => VolaryError;
}

/** What the tables of named things have in common, over one connection. */
export function namedRows<Row, Value extends Named, Page>(
  connection: Connection,
  statements: NamedStatements<Row, Page>,
  { what, encode, decode, nameTaken }: NamedKind<Row, Value>,
) {
  const first = async (query: CompiledQuery<Row>): Promise<Value | null> => {
    const { rows } = await connection.execute(query);
    return rows[0] === undefined ? null : decode(rows[0]);
  };
  return {
    async insert(value: Value): Promise<void> {
      const { changedRows } = await connection.execute(statements.insert(encode(value)));
      if (changedRows === 0) throw nameTaken(value.name);
    },
    get: (id: Value['id']): Promise<Value | null> => first(statements.get({ id })),
    getByName: (name: string): Promise<Value | null> => first(statements.getByName({ name })),
    async list(page: Page): Promise<readonly Value[]> {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decode);
    },
    async update(value: Value): Promise<void> {
      const read_revision = value.revision - 1;
      const { changedRows } = await connection.execute(statements.update({ ...encode(value), read_revision }));
      if (changedRows === 0) throw revisionConflict(what, value.id, read_revision);
    },
    async delete(id: Value['id'], revision: number): Promise<void> {
      const { changedRows } = await connection.execute(statements.delete({ id, revision }));
      if (changedRows === 0) throw revisionConflict(what, id, revision);
    },
  };
}
