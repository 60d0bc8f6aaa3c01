import type { Kysely } from 'kysely';
import type { BatchOrderTable } from '../../../../ports/tables/batch-order-table.ts';
import { decodeBatchOrders, encodeBatchOrders } from '../codecs/batch-order-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { BatchOrderRow } from '../rows/batch-order-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const BATCH_ORDER_TABLE = defineTable({
  statements: createBatchOrderStatements,
  table: createBatchOrderTable,
  methods: {
    insert: 'writes',
    get: 'reads',
  },
});

/** The queries on what batches are to do, compiled; one set serves all connections. */
type BatchOrderStatements = ReturnType<typeof createBatchOrderStatements>;

function createBatchOrderStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<BatchOrderRow, unknown>((place) =>
      db.insertInto('batch_orders').values({ operation_id: place('operation_id'), content: place('content') }),
    ),
    get: prepareStatement<Pick<BatchOrderRow, 'operation_id'>, BatchOrderRow>((place) =>
      db.selectFrom('batch_orders').selectAll().where('operation_id', '=', place('operation_id')),
    ),
  };
}

/** The table over one connection. */
function createBatchOrderTable(connection: Connection, statements: BatchOrderStatements): BatchOrderTable {
  return {
    async insert(id, orders) {
      await connection.execute(statements.insert(encodeBatchOrders(id, orders)));
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ operation_id: id }));
      return rows[0] === undefined ? null : decodeBatchOrders(rows[0]);
    },
  };
}
