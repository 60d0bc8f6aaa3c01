import type { Kysely } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { SecretTable } from '../../../../ports/tables/secret-table.ts';
import { decodeSecret, encodeSecret } from '../codecs/secret-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { SecretRow } from '../rows/secret-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { revisionConflict } from './conflicts.ts';

export const SECRET_TABLE = defineTable({
  statements: createSecretStatements,
  table: createSecretTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    update: 'writes',
    noteUsed: 'writes',
    delete: 'writes',
    count: 'reads',
    listSealedBy: 'reads',
    listNotSealedBy: 'reads',
  },
});

/** The queries on secrets, compiled; one set serves all connections. */
type SecretStatements = ReturnType<typeof createSecretStatements>;

function createSecretStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<SecretRow, unknown>((place) =>
      db
        .insertInto('secrets')
        .values({ ...everyColumn(place), last_used_at: place('last_used_at') })
        .onConflict((conflict) => conflict.columns(['owner', 'name']).doNothing()),
    ),
    update: prepareStatement<SecretRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('secrets')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    noteUsed: prepareStatement<{ readonly id: string; readonly at: number }, unknown>((place) =>
      db
        .updateTable('secrets')
        .set({ last_used_at: place('at') })
        .where('id', '=', place('id'))
        .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', place('at'))])),
    ),
    delete: prepareStatement<Pick<SecretRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('secrets').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<SecretRow, 'id'>, SecretRow>((place) =>
      db.selectFrom('secrets').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<SecretRow, 'owner' | 'name'>, SecretRow>((place) =>
      db.selectFrom('secrets').selectAll().where('owner', '=', place('owner')).where('name', '=', place('name')),
    ),
    count: prepareStatement<Pick<SecretRow, 'owner'>, { readonly count: number }>((place) =>
      db
        .selectFrom('secrets')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('owner', '=', place('owner')),
    ),
    listSealedBy: prepareStatement<{ readonly pattern: string; readonly limit: number }, SecretRow>((place) =>
      db
        .selectFrom('secrets')
        .selectAll()
        .where('sealed', 'like', place('pattern'))
        .orderBy('id')
        .limit(place('limit')),
    ),
    listNotSealedBy: prepareStatement<{ readonly pattern: string; readonly limit: number }, SecretRow>((place) =>
      db
        .selectFrom('secrets')
        .selectAll()
        .where('sealed', 'not like', place('pattern'))
        .orderBy('id')
        .limit(place('limit')),
    ),
    list: ({ limit, after, owner }: Parameters<SecretTable['list']>[0]) => {
      let query = db.selectFrom('secrets').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createSecretTable(connection: Connection, statements: SecretStatements): SecretTable {
  return {
    async insert(secret) {
      const { changedRows } = await connection.execute(statements.insert(encodeSecret(secret)));
      if (changedRows === 0) throw nameTaken(secret.name);
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeSecret(rows[0]);
    },
    async getByName(owner, name) {
      const { rows } = await connection.execute(statements.getByName({ owner, name }));
      return rows[0] === undefined ? null : decodeSecret(rows[0]);
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeSecret);
    },
    async update(secret) {
      const read_revision = secret.revision - 1;
      const { changedRows } = await connection.execute(statements.update({ ...encodeSecret(secret), read_revision }));
      if (changedRows === 0) throw revisionConflict('secret', secret.id, read_revision);
    },
    async noteUsed(ids, at) {
      for (const id of ids) await connection.execute(statements.noteUsed({ id, at }));
    },
    async delete(id, revision) {
      const { changedRows } = await connection.execute(statements.delete({ id, revision }));
      if (changedRows === 0) throw revisionConflict('secret', id, revision);
    },
    async count(owner) {
      const { rows } = await connection.execute(statements.count({ owner }));
      return Number(rows[0]?.count ?? 0);
    },
    async listSealedBy(prefix, limit) {
      const { rows } = await connection.execute(statements.listSealedBy({ pattern: `${prefix}%`, limit }));
      return rows.map(decodeSecret);
    },
    async listNotSealedBy(prefix, limit) {
      const { rows } = await connection.execute(statements.listNotSealedBy({ pattern: `${prefix}%`, limit }));
      return rows.map(decodeSecret);
    },
  };
}

function nameTaken(name: string): VolaryError {
  return new VolaryError('already_exists', `There is a secret named ${name} already.`, {
    reason: 'secret.name_taken',
    details: { field: 'name', name },
  });
}

/** Without when it was used last, which is written by itself. */
function everyColumn(place: Place<SecretRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    labels: place('labels'),
    description: place('description'),
    version: place('version'),
    size_bytes: place('size_bytes'),
    is_text: place('is_text'),
    sealed: place('sealed'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
