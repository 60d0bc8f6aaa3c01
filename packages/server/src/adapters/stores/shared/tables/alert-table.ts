import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { AlertFilter, AlertTable } from '../../../../ports/tables/alert-table.ts';
import { decodeAlert, encodeAlert } from '../codecs/alert-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { AlertRow } from '../rows/alert-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';

export const ALERT_TABLE = defineTable({
  statements: createAlertStatements,
  table: createAlertTable,
  methods: {
    insert: 'writes',
    list: 'reads',
    listFiring: 'reads',
    count: 'reads',
    resolve: 'writes',
    deleteResolved: 'writes',
  },
});

/** The queries on alerts, compiled; one set serves all connections. */
type AlertStatements = ReturnType<typeof createAlertStatements>;

function createAlertStatements(db: Kysely<Schema>) {
  // The state stands in the text of these, since that is how a database sees that its index on firing ones will do.
  const firing = sql.lit('firing');
  return {
    insert: prepareStatement<AlertRow, unknown>((place) =>
      db
        .insertInto('alerts')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.doNothing()),
    ),
    listFiring: prepareStatement<Record<never, never>, AlertRow>(() =>
      db.selectFrom('alerts').selectAll().where('state', '=', firing).orderBy('id'),
    ),
    resolve: prepareStatement<{ readonly id: string; readonly at: number }, unknown>((place) =>
      db
        .updateTable('alerts')
        .set({ state: sql.lit('resolved'), resolved_at: place('at') })
        .where('id', '=', place('id'))
        .where('state', '=', firing),
    ),
    deleteResolved: prepareStatement<{ readonly before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('alerts')
        .where('id', 'in', ({ selectFrom }) =>
          selectFrom('alerts as old')
            .select('old.id')
            .where('old.resolved_at', '<', place('before'))
            .orderBy('old.resolved_at')
            .limit(place('limit')),
        ),
    ),
    list: ({ limit, after, owner, state, kind, vmId }: Parameters<AlertTable['list']>[0]) => {
      let query = db.selectFrom('alerts').selectAll().orderBy('id', 'desc').limit(limit);
      if (after !== null) query = query.where('id', '<', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      if (state !== undefined) query = query.where('state', '=', state);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      return query.compile();
    },
    count: ({ owner, state, kind, vmId }: AlertFilter & { readonly owner?: string }) => {
      let query = db.selectFrom('alerts').select(({ fn }) => fn.countAll<number>().as('count'));
      if (owner !== undefined) query = query.where('owner', '=', owner);
      if (state !== undefined) query = query.where('state', '=', state);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createAlertTable(connection: Connection, statements: AlertStatements): AlertTable {
  return {
    async insert(alert) {
      const { changedRows } = await connection.execute(statements.insert(encodeAlert(alert)));
      if (changedRows > 0) return;
      throw new VolaryError('conflict', `An alert of this kind fires for ${alert.vmName} already.`, {
        reason: 'store.constraint',
      });
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeAlert);
    },
    async listFiring() {
      const { rows } = await connection.execute(statements.listFiring({}));
      return rows.map(decodeAlert);
    },
    async count(which) {
      const { rows } = await connection.execute(statements.count(which));
      return Number(rows[0]?.count ?? 0);
    },
    async resolve(id, at) {
      await connection.execute(statements.resolve({ id, at }));
    },
    async deleteResolved({ before, limit }) {
      return (await connection.execute(statements.deleteResolved({ before, limit }))).changedRows;
    },
  };
}

function everyColumn(place: Place<AlertRow>) {
  return {
    id: place('id'),
    kind: place('kind'),
    vm_id: place('vm_id'),
    vm_name: place('vm_name'),
    owner: place('owner'),
    state: place('state'),
    threshold: place('threshold'),
    value: place('value'),
    message: place('message'),
    fired_at: place('fired_at'),
    resolved_at: place('resolved_at'),
  };
}
