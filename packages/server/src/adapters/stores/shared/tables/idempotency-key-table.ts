import type { Kysely } from 'kysely';
import type { IdempotencyKeyTable } from '../../../../ports/tables/idempotency-key-table.ts';
import { decodeKeyedRequest, encodeAnswer, encodeKeyedRequest } from '../codecs/idempotency-key-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { IdempotencyKeyRow } from '../rows/idempotency-key-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const IDEMPOTENCY_KEY_TABLE = defineTable({
  statements: createIdempotencyKeyStatements,
  table: createIdempotencyKeyTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    keepAnswer: 'writes',
    delete: 'writes',
    deleteOld: 'writes',
  },
});

type Owner = Pick<IdempotencyKeyRow, 'principal' | 'key' | 'request_id'>;

/** The queries on idempotency keys, compiled; one set serves all connections. */
type IdempotencyKeyStatements = ReturnType<typeof createIdempotencyKeyStatements>;

function createIdempotencyKeyStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<IdempotencyKeyRow, unknown>((place) =>
      db
        .insertInto('idempotency_keys')
        .values({
          principal: place('principal'),
          key: place('key'),
          fingerprint: place('fingerprint'),
          request_id: place('request_id'),
          effect_kind: place('effect_kind'),
          effect_id: place('effect_id'),
          created_at: place('created_at'),
          answer: place('answer'),
        })
        .onConflict((conflict) => conflict.columns(['principal', 'key']).doNothing()),
    ),
    get: prepareStatement<Pick<IdempotencyKeyRow, 'principal' | 'key'>, IdempotencyKeyRow>((place) =>
      db
        .selectFrom('idempotency_keys')
        .selectAll()
        .where('principal', '=', place('principal'))
        .where('key', '=', place('key')),
    ),
    keepAnswer: prepareStatement<Owner & { readonly answer: string }, unknown>((place) =>
      db
        .updateTable('idempotency_keys')
        .set({ answer: place('answer') })
        .where('principal', '=', place('principal'))
        .where('key', '=', place('key'))
        .where('request_id', '=', place('request_id'))
        .where('answer', 'is', null),
    ),
    delete: prepareStatement<Owner, unknown>((place) =>
      db
        .deleteFrom('idempotency_keys')
        .where('principal', '=', place('principal'))
        .where('key', '=', place('key'))
        .where('request_id', '=', place('request_id')),
    ),
    deleteOld: prepareStatement<{ readonly created_before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('idempotency_keys')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('principal', 'key'),
            'in',
            selectFrom('idempotency_keys as old')
              .select(['old.principal', 'old.key'])
              .where('old.created_at', '<', place('created_before'))
              .orderBy('old.created_at')
              .limit(place('limit'))
              .$asTuple('principal', 'key'),
          ),
        ),
    ),
  };
}

/** The table over one connection. */
function createIdempotencyKeyTable(connection: Connection, statements: IdempotencyKeyStatements): IdempotencyKeyTable {
  return {
    async insert(request) {
      const { changedRows } = await connection.execute(statements.insert(encodeKeyedRequest(request)));
      return changedRows > 0;
    },
    async get(principal, key) {
      const { rows } = await connection.execute(statements.get({ principal, key }));
      return rows[0] === undefined ? null : decodeKeyedRequest(rows[0]);
    },
    async keepAnswer({ principal, key, requestId }, answer) {
      const kept = { principal, key, request_id: requestId, answer: encodeAnswer(answer) };
      await connection.execute(statements.keepAnswer(kept));
    },
    async delete({ principal, key, requestId }) {
      await connection.execute(statements.delete({ principal, key, request_id: requestId }));
    },
    async deleteOld({ createdBefore, limit }) {
      const { changedRows } = await connection.execute(statements.deleteOld({ created_before: createdBefore, limit }));
      return changedRows;
    },
  };
}
