import type { Kysely } from 'kysely';
import type { ReceivedDeliveryTable } from '../../../../ports/tables/received-delivery-table.ts';
import { decodeReceivedDelivery, encodeReceivedDelivery } from '../codecs/received-delivery-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { ReceivedDeliveryRow } from '../rows/received-delivery-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const RECEIVED_DELIVERY_TABLE = defineTable({
  statements: createReceivedDeliveryStatements,
  table: createReceivedDeliveryTable,
  methods: {
    insert: 'writes',
    isKnown: 'reads',
    latest: 'reads',
    deleteOld: 'writes',
  },
});

/** The queries on what integrations have sent, compiled; one set serves all connections. */
type ReceivedDeliveryStatements = ReturnType<typeof createReceivedDeliveryStatements>;

function createReceivedDeliveryStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<ReceivedDeliveryRow, unknown>((place) =>
      db
        .insertInto('received_deliveries')
        .values({
          integration: place('integration'),
          delivery_id: place('delivery_id'),
          digest: place('digest'),
          kind: place('kind'),
          action: place('action'),
          received_at: place('received_at'),
        })
        .onConflict((conflict) => conflict.doNothing()),
    ),
    find: prepareStatement<Pick<ReceivedDeliveryRow, 'integration' | 'delivery_id' | 'digest'>, unknown>((place) =>
      db
        .selectFrom('received_deliveries')
        .select('delivery_id')
        .where('integration', '=', place('integration'))
        .where(({ eb, or }) => or([eb('delivery_id', '=', place('delivery_id')), eb('digest', '=', place('digest'))]))
        .limit(1),
    ),
    latest: prepareStatement<Pick<ReceivedDeliveryRow, 'integration'>, ReceivedDeliveryRow>((place) =>
      db
        .selectFrom('received_deliveries')
        .selectAll()
        .where('integration', '=', place('integration'))
        .orderBy('received_at', 'desc')
        .limit(1),
    ),
    deleteOld: prepareStatement<{ readonly received_before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('received_deliveries')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('integration', 'delivery_id'),
            'in',
            selectFrom('received_deliveries as old')
              .select(['old.integration', 'old.delivery_id'])
              .where('old.received_at', '<', place('received_before'))
              .orderBy('old.received_at')
              .limit(place('limit'))
              .$asTuple('integration', 'delivery_id'),
          ),
        ),
    ),
  };
}

/** The table over one connection. */
function createReceivedDeliveryTable(
  connection: Connection,
  statements: ReceivedDeliveryStatements,
): ReceivedDeliveryTable {
  return {
    async insert(delivery) {
      const { changedRows } = await connection.execute(statements.insert(encodeReceivedDelivery(delivery)));
      return changedRows > 0;
    },
    async isKnown({ integration, deliveryId, digest }) {
      const { rows } = await connection.execute(statements.find({ integration, delivery_id: deliveryId, digest }));
      return rows.length > 0;
    },
    async latest(integration) {
      const { rows } = await connection.execute(statements.latest({ integration }));
      return rows[0] === undefined ? null : decodeReceivedDelivery(rows[0]);
    },
    async deleteOld({ receivedBefore, limit }) {
      const old = { received_before: receivedBefore, limit };
      const { changedRows } = await connection.execute(statements.deleteOld(old));
      return changedRows;
    },
  };
}
