import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { SnapshotTable } from '../../../../ports/tables/snapshot-table.ts';
import { decodeSnapshot, encodeSnapshot } from '../codecs/snapshot-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { SnapshotRow } from '../rows/snapshot-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { namedRows } from './named-rows.ts';

export const SNAPSHOT_TABLE = defineTable({
  statements: createSnapshotStatements,
  table: createSnapshotTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    listUnsettled: 'reads',
    update: 'writes',
    delete: 'writes',
    count: 'reads',
    countOf: 'reads',
  },
});

/** The queries on snapshots, compiled; one set serves all connections. */
type SnapshotStatements = ReturnType<typeof createSnapshotStatements>;

function createSnapshotStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<SnapshotRow, unknown>((place) =>
      db
        .insertInto('snapshots')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<SnapshotRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('snapshots')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    delete: prepareStatement<Pick<SnapshotRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('snapshots').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<SnapshotRow, 'id'>, SnapshotRow>((place) =>
      db.selectFrom('snapshots').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<{ readonly name: string }, SnapshotRow>((place) =>
      db.selectFrom('snapshots').selectAll().where('name', '=', place('name')),
    ),
    count: prepareStatement<Record<never, never>, { readonly count: number }>(() =>
      db.selectFrom('snapshots').select(({ fn }) => fn.countAll<number>().as('count')),
    ),
    countOf: prepareStatement<Pick<SnapshotRow, 'owner'>, { readonly count: number }>((place) =>
      db
        .selectFrom('snapshots')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('owner', '=', place('owner'))
        .where('is_temporary', '=', 0),
    ),
    // As the index says it: else a database does not see that it will do.
    listUnsettled: prepareStatement<Record<never, never>, SnapshotRow>(() =>
      db
        .selectFrom('snapshots')
        .selectAll()
        .where((where) =>
          where.or([
            where('state', '=', sql.lit('creating')),
            where('state', '=', sql.lit('deleting')),
            where('is_temporary', '=', sql.lit(1)),
          ]),
        )
        .orderBy('id'),
    ),
    list: ({ limit, after, sourceId, state, isTemporary, owner }: Parameters<SnapshotTable['list']>[0]) => {
      let query = db.selectFrom('snapshots').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (sourceId !== undefined) query = query.where('source_id', '=', sourceId);
      if (state !== undefined) query = query.where('state', '=', state);
      if (isTemporary !== undefined) query = query.where('is_temporary', '=', isTemporary ? 1 : 0);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createSnapshotTable(connection: Connection, statements: SnapshotStatements): SnapshotTable {
  return {
    ...namedRows(connection, statements, {
      what: 'snapshot',
      encode: encodeSnapshot,
      decode: decodeSnapshot,
      nameTaken,
    }),
    async listUnsettled() {
      const { rows } = await connection.execute(statements.listUnsettled({}));
      return rows.map(decodeSnapshot);
    },
    async countOf(owner) {
      const { rows } = await connection.execute(statements.countOf({ owner }));
      return Number(rows[0]?.count ?? 0);
    },
    async count() {
      const { rows } = await connection.execute(statements.count({}));
      return Number(rows[0]?.count ?? 0);
    },
  };
}

function nameTaken(name: string | null): VolaryError {
  return new VolaryError('already_exists', `There is a snapshot named ${name} already.`, {
    reason: 'snapshot.name_taken',
    details: { field: 'name', name },
  });
}

function everyColumn(place: Place<SnapshotRow>) {
  return {
    id: place('id'),
    name: place('name'),
    description: place('description'),
    labels: place('labels'),
    state: place('state'),
    operation_id: place('operation_id'),
    failure: place('failure'),
    is_temporary: place('is_temporary'),
    source_id: place('source_id'),
    source_name: place('source_name'),
    image: place('image'),
    image_digest: place('image_digest'),
    vcpu_count: place('vcpu_count'),
    memory_mib: place('memory_mib'),
    disk_gib: place('disk_gib'),
    network: place('network'),
    spec: place('spec'),
    secrets: place('secrets'),
    size_bytes: place('size_bytes'),
    halted_ms: place('halted_ms'),
    owner: place('owner'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
