import type { Kysely } from 'kysely';
import type { SigningKeyTable } from '../../../../ports/tables/session-table.ts';
import { decodeSigningKey, encodeSigningKey } from '../codecs/session-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { SigningKeyRow } from '../rows/session-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const SIGNING_KEY_TABLE = defineTable({
  statements: createSigningKeyStatements,
  table: createSigningKeyTable,
  methods: {
    insert: 'writes',
    list: 'reads',
    reseal: 'writes',
    delete: 'writes',
  },
});

/** The queries on the keys of tokens, compiled; one set serves all connections. */
type SigningKeyStatements = ReturnType<typeof createSigningKeyStatements>;

function createSigningKeyStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<SigningKeyRow, unknown>((place) =>
      db.insertInto('signing_keys').values({
        key_id: place('key_id'),
        jwk: place('jwk'),
        sealed_private_key: place('sealed_private_key'),
        created_at: place('created_at'),
        signs_from: place('signs_from'),
      }),
    ),
    list: prepareStatement<Record<never, never>, SigningKeyRow>(() =>
      db.selectFrom('signing_keys').selectAll().orderBy('signs_from').orderBy('key_id'),
    ),
    reseal: prepareStatement<Pick<SigningKeyRow, 'key_id' | 'sealed_private_key'>, unknown>((place) =>
      db
        .updateTable('signing_keys')
        .set({ sealed_private_key: place('sealed_private_key') })
        .where('key_id', '=', place('key_id')),
    ),
    delete: prepareStatement<Pick<SigningKeyRow, 'key_id'>, unknown>((place) =>
      db.deleteFrom('signing_keys').where('key_id', '=', place('key_id')),
    ),
  };
}

/** The table over one connection. */
function createSigningKeyTable(connection: Connection, statements: SigningKeyStatements): SigningKeyTable {
  return {
    async insert(key) {
      await connection.execute(statements.insert(encodeSigningKey(key)));
    },
    async list() {
      const { rows } = await connection.execute(statements.list({}));
      return rows.map(decodeSigningKey);
    },
    async reseal(keyId, sealedPrivateKey) {
      await connection.execute(statements.reseal({ key_id: keyId, sealed_private_key: sealedPrivateKey }));
    },
    async delete(keyId) {
      await connection.execute(statements.delete({ key_id: keyId }));
    },
  };
}
