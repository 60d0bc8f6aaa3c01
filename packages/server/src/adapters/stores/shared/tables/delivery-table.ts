import { type Kysely, sql } from 'kysely';
import type { DeliveryTable } from '../../../../ports/tables/webhook-table.ts';
import { decodeDelivery, encodeDelivery } from '../codecs/delivery-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { WebhookDeliveryRow } from '../rows/webhook-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';

export const DELIVERY_TABLE = defineTable({
  statements: createDeliveryStatements,
  table: createDeliveryTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    update: 'writes',
    firstWaiting: 'reads',
    countWaiting: 'reads',
    restartWaiting: 'writes',
    deleteWaitingEvents: 'writes',
    deleteOld: 'writes',
  },
});

/** The queries on deliveries, compiled; one set serves all connections. */
type DeliveryStatements = ReturnType<typeof createDeliveryStatements>;

type OfWebhook = Pick<WebhookDeliveryRow, 'webhook_id'>;

function createDeliveryStatements(db: Kysely<Schema>) {
  return {
    ...createWaitingStatements(db),
    insert: prepareStatement<WebhookDeliveryRow, unknown>((place) =>
      db.insertInto('webhook_deliveries').values(everyColumn(place)),
    ),
    update: prepareStatement<WebhookDeliveryRow, unknown>((place) =>
      db.updateTable('webhook_deliveries').set(everyColumn(place)).where('id', '=', place('id')),
    ),
    get: prepareStatement<Pick<WebhookDeliveryRow, 'id'>, WebhookDeliveryRow>((place) =>
      db.selectFrom('webhook_deliveries').selectAll().where('id', '=', place('id')),
    ),
    list: ({ limit, after, webhookId, state, owner, eventsOf }: Parameters<DeliveryTable['list']>[0]) => {
      let query = db.selectFrom('webhook_deliveries').selectAll().orderBy('id', 'desc').limit(limit);
      if (webhookId !== undefined) query = query.where('webhook_id', '=', webhookId);
      if (owner !== undefined) {
        query = query.where('webhook_id', 'in', ({ selectFrom }) =>
          selectFrom('webhooks').select('id').where('owner', '=', owner),
        );
      }
      if (eventsOf !== undefined) {
        query = query.where('webhook_id', 'in', ({ selectFrom }) =>
          selectFrom('webhooks').select('id').where('events_of', '=', eventsOf),
        );
      }
      if (after !== null) query = query.where('id', '<', after);
      if (state !== undefined) query = query.where('state', '=', state);
      return query.compile();
    },
    deleteOld: prepareStatement<{ readonly completed_before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('webhook_deliveries')
        .where(({ eb, selectFrom }) =>
          eb(
            'id',
            'in',
            selectFrom('webhook_deliveries as old')
              .select('old.id')
              .where('old.completed_at', '<', place('completed_before'))
              .orderBy('old.completed_at')
              .limit(place('limit')),
          ),
        ),
    ),
  };
}

function createWaitingStatements(db: Kysely<Schema>) {
  // Stands in the text of each, since that is how a database sees that its index on those that wait will do.
  const waiting = sql.lit('waiting');
  return {
    firstWaiting: ({ webhookId, kinds }: Parameters<DeliveryTable['firstWaiting']>[0]) =>
      db
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('webhook_id', '=', webhookId)
        .where('state', '=', waiting)
        .where('kind', 'in', kinds)
        .orderBy('next_try_at')
        .orderBy('sequence')
        .limit(1)
        .compile(),
    countWaiting: prepareStatement<OfWebhook, { readonly count: number }>((place) =>
      db
        .selectFrom('webhook_deliveries')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('webhook_id', '=', place('webhook_id'))
        .where('state', '=', waiting),
    ),
    restartWaiting: prepareStatement<OfWebhook & { readonly now: number }, unknown>((place) =>
      db
        .updateTable('webhook_deliveries')
        .set({ tries: 0, first_tried_at: null, next_try_at: place('now') })
        .where('webhook_id', '=', place('webhook_id'))
        .where('state', '=', waiting),
    ),
    deleteWaitingEvents: prepareStatement<OfWebhook & { readonly above: number }, unknown>((place) =>
      db
        .deleteFrom('webhook_deliveries')
        .where('webhook_id', '=', place('webhook_id'))
        .where('state', '=', waiting)
        .where('kind', '=', 'event')
        .where('sequence', '>', place('above')),
    ),
  };
}

/** The table over one connection. */
function createDeliveryTable(connection: Connection, statements: DeliveryStatements): DeliveryTable {
  return {
    async insert(delivery) {
      await connection.execute(statements.insert(encodeDelivery(delivery)));
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeDelivery(rows[0]);
    },
    async list(request) {
      const { rows } = await connection.execute(statements.list(request));
      return rows.map(decodeDelivery);
    },
    async update(delivery) {
      await connection.execute(statements.update(encodeDelivery(delivery)));
    },
    async firstWaiting(which) {
      const { rows } = await connection.execute(statements.firstWaiting(which));
      return rows[0] === undefined ? null : decodeDelivery(rows[0]);
    },
    async countWaiting(webhookId) {
      const { rows } = await connection.execute(statements.countWaiting({ webhook_id: webhookId }));
      return Number(rows[0]?.count ?? 0);
    },
    async restartWaiting(webhookId, now) {
      await connection.execute(statements.restartWaiting({ webhook_id: webhookId, now }));
    },
    async deleteWaitingEvents({ webhookId, above }) {
      await connection.execute(statements.deleteWaitingEvents({ webhook_id: webhookId, above }));
    },
    async deleteOld({ completedBefore, limit }) {
      const { changedRows } = await connection.execute(
        statements.deleteOld({ completed_before: completedBefore, limit }),
      );
      return changedRows;
    },
  };
}

function everyColumn(place: Place<WebhookDeliveryRow>) {
  return {
    id: place('id'),
    webhook_id: place('webhook_id'),
    kind: place('kind'),
    state: place('state'),
    first_sequence: place('first_sequence'),
    sequence: place('sequence'),
    event: place('event'),
    tries: place('tries'),
    first_tried_at: place('first_tried_at'),
    next_try_at: place('next_try_at'),
    last_try: place('last_try'),
    created_at: place('created_at'),
    completed_at: place('completed_at'),
  };
}
