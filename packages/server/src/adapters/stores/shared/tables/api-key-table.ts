import type { Kysely } from 'kysely';
import type { ApiKeyTable } from '../../../../ports/tables/user-table.ts';
import { decodeApiKey, encodeApiKey } from '../codecs/api-key-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { ApiKeyRow } from '../rows/user-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';

export const API_KEY_TABLE = defineTable({
  statements: createApiKeyStatements,
  table: createApiKeyTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByPrefix: 'reads',
    list: 'reads',
    countOf: 'reads',
    update: 'writes',
    markUsed: 'writes',
    delete: 'writes',
    deleteOf: 'writes',
  },
});

/** The queries on API keys, compiled; one set serves all connections. */
type ApiKeyStatements = ReturnType<typeof createApiKeyStatements>;

function createApiKeyStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<ApiKeyRow, unknown>((place) => db.insertInto('api_keys').values(everyColumn(place))),
    get: prepareStatement<Pick<ApiKeyRow, 'id'>, ApiKeyRow>((place) =>
      db.selectFrom('api_keys').selectAll().where('id', '=', place('id')),
    ),
    getByPrefix: prepareStatement<Pick<ApiKeyRow, 'prefix'>, ApiKeyRow>((place) =>
      db.selectFrom('api_keys').selectAll().where('prefix', '=', place('prefix')),
    ),
    countOf: prepareStatement<Pick<ApiKeyRow, 'owner'>, { readonly count: number }>((place) =>
      db
        .selectFrom('api_keys')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('owner', '=', place('owner')),
    ),
    update: prepareStatement<Pick<ApiKeyRow, 'id' | 'name' | 'labels'>, unknown>((place) =>
      db
        .updateTable('api_keys')
        .set({ name: place('name'), labels: place('labels') })
        .where('id', '=', place('id')),
    ),
    markUsed: prepareStatement<{ readonly id: string; readonly at: number }, unknown>((place) =>
      db
        .updateTable('api_keys')
        .set({ last_used_at: place('at') })
        .where('id', '=', place('id')),
    ),
    delete: prepareStatement<Pick<ApiKeyRow, 'id'>, unknown>((place) =>
      db.deleteFrom('api_keys').where('id', '=', place('id')),
    ),
    deleteOf: prepareStatement<Pick<ApiKeyRow, 'owner'>, unknown>((place) =>
      db.deleteFrom('api_keys').where('owner', '=', place('owner')),
    ),
    list: ({ limit, after, owner }: Parameters<ApiKeyTable['list']>[0]) => {
      let query = db.selectFrom('api_keys').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createApiKeyTable(connection: Connection, statements: ApiKeyStatements): ApiKeyTable {
  return {
    async insert(key) {
      await connection.execute(statements.insert(encodeApiKey(key)));
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeApiKey(rows[0]);
    },
    async getByPrefix(prefix) {
      const { rows } = await connection.execute(statements.getByPrefix({ prefix }));
      return rows[0] === undefined ? null : decodeApiKey(rows[0]);
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeApiKey);
    },
    async countOf(owner) {
      const { rows } = await connection.execute(statements.countOf({ owner }));
      return Number(rows[0]?.count ?? 0);
    },
    async update({ id, name, labels }) {
      const row = { id, name, labels: JSON.stringify(labels) };
      const { changedRows } = await connection.execute(statements.update(row));
      return changedRows > 0;
    },
    async markUsed(id, at) {
      await connection.execute(statements.markUsed({ id, at }));
    },
    async delete(id) {
      const { changedRows } = await connection.execute(statements.delete({ id }));
      return changedRows > 0;
    },
    async deleteOf(owner) {
      const { changedRows } = await connection.execute(statements.deleteOf({ owner }));
      return changedRows;
    },
  };
}

function everyColumn(place: Place<ApiKeyRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    prefix: place('prefix'),
    digest: place('digest'),
    permissions: place('permissions'),
    labels: place('labels'),
    expires_at: place('expires_at'),
    last_used_at: place('last_used_at'),
    created_by: place('created_by'),
    created_at: place('created_at'),
  };
}
