import type { Kysely } from 'kysely';
import type { WebhookTable } from '../../../../ports/tables/webhook-table.ts';
import { decodeWebhook, encodeWebhook } from '../codecs/webhook-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { WebhookRow } from '../rows/webhook-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { revisionConflict } from './conflicts.ts';

export const WEBHOOK_TABLE = defineTable({
  statements: createWebhookStatements,
  table: createWebhookTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    update: 'writes',
    delete: 'writes',
    count: 'reads',
  },
});

/** The queries on webhooks, compiled; one set serves all connections. */
type WebhookStatements = ReturnType<typeof createWebhookStatements>;

function createWebhookStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<WebhookRow, unknown>((place) => db.insertInto('webhooks').values(everyColumn(place))),
    update: prepareStatement<WebhookRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('webhooks')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    get: prepareStatement<Pick<WebhookRow, 'id'>, WebhookRow>((place) =>
      db.selectFrom('webhooks').selectAll().where('id', '=', place('id')),
    ),
    delete: prepareStatement<Pick<WebhookRow, 'id'>, unknown>((place) =>
      db.deleteFrom('webhooks').where('id', '=', place('id')),
    ),
    count: prepareStatement<Record<never, never>, { readonly count: number }>(() =>
      db.selectFrom('webhooks').select(({ fn }) => fn.countAll<number>().as('count')),
    ),
    list: ({ limit, after, owner }: Parameters<WebhookTable['list']>[0]) => {
      let query = db.selectFrom('webhooks').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createWebhookTable(connection: Connection, statements: WebhookStatements): WebhookTable {
  return {
    async insert(webhook) {
      await connection.execute(statements.insert(encodeWebhook(webhook)));
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeWebhook(rows[0]);
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeWebhook);
    },
    async update(webhook) {
      const read_revision = webhook.revision - 1;
      const { changedRows } = await connection.execute(statements.update({ ...encodeWebhook(webhook), read_revision }));
      if (changedRows === 0) throw revisionConflict('webhook', webhook.id, read_revision);
    },
    async delete(id) {
      const { changedRows } = await connection.execute(statements.delete({ id }));
      return changedRows > 0;
    },
    async count() {
      const { rows } = await connection.execute(statements.count({}));
      return Number(rows[0]?.count ?? 0);
    },
  };
}

function everyColumn(place: Place<WebhookRow>) {
  return {
    id: place('id'),
    url: place('url'),
    target: place('target'),
    types: place('types'),
    vm_id: place('vm_id'),
    events_of: place('events_of'),
    description: place('description'),
    secrets: place('secrets'),
    is_enabled: place('is_enabled'),
    disabled_because: place('disabled_because'),
    cursor: place('cursor'),
    failure_count: place('failure_count'),
    failing_since: place('failing_since'),
    last_delivered_at: place('last_delivered_at'),
    owner: place('owner'),
    labels: place('labels'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
