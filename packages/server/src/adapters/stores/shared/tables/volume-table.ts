import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { VolumeTable } from '../../../../ports/tables/volume-table.ts';
import { decodeHeldVolume, decodeVolume, encodeVolume, type HeldVolumeRow } from '../codecs/volume-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { VolumeAttachmentRow, VolumeRow } from '../rows/volume-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { isConstraint, revisionConflict } from './conflicts.ts';
import { namedRows } from './named-rows.ts';

export const VOLUME_TABLE = defineTable({
  statements: createVolumeStatements,
  table: createVolumeTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    listUnsettled: 'reads',
    listKeptOf: 'reads',
    update: 'writes',
    delete: 'writes',
    count: 'reads',
    sizeOf: 'reads',
    attach: 'writes',
    detach: 'writes',
    holdersOf: 'reads',
  },
});

/** The queries on volumes, compiled; one set serves all connections. */
type VolumeStatements = ReturnType<typeof createVolumeStatements>;

function createVolumeStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<VolumeRow, unknown>((place) =>
      db
        .insertInto('volumes')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<VolumeRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('volumes')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    delete: prepareStatement<Pick<VolumeRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('volumes').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<VolumeRow, 'id'>, VolumeRow>((place) =>
      db.selectFrom('volumes').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<VolumeRow, 'name'>, VolumeRow>((place) =>
      db.selectFrom('volumes').selectAll().where('name', '=', place('name')),
    ),
    // As the index says it: else a database does not see that it will do.
    listUnsettled: prepareStatement<Record<never, never>, VolumeRow>(() =>
      db
        .selectFrom('volumes')
        .selectAll()
        .where((where) =>
          where.or([where('state', '=', sql.lit('creating')), where('state', '=', sql.lit('deleting'))]),
        )
        .orderBy('id'),
    ),
    listKeptOf: prepareStatement<{ readonly vm_id: string }, VolumeRow>((place) =>
      db.selectFrom('volumes').selectAll().where('origin_vm_id', '=', place('vm_id')).orderBy('id'),
    ),
    count: prepareStatement<Record<never, never>, { readonly count: number }>(() =>
      db.selectFrom('volumes').select(({ fn }) => fn.countAll<number>().as('count')),
    ),
    sizeOf: prepareStatement<Pick<VolumeRow, 'owner'>, { readonly size_gib: number | null }>((place) =>
      db
        .selectFrom('volumes')
        .select(({ fn }) => fn.sum<number | null>('size_gib').as('size_gib'))
        .where('owner', '=', place('owner'))
        .where('state', '<>', sql.lit('failed')),
    ),
    attach: prepareStatement<VolumeAttachmentRow, unknown>((place) =>
      db.insertInto('volume_attachments').values({
        volume_id: place('volume_id'),
        vm_id: place('vm_id'),
        disk: place('disk'),
        is_readonly: place('is_readonly'),
      }),
    ),
    detach: prepareStatement<Pick<VolumeAttachmentRow, 'volume_id' | 'vm_id'>, unknown>((place) =>
      db
        .deleteFrom('volume_attachments')
        .where('volume_id', '=', place('volume_id'))
        .where('vm_id', '=', place('vm_id')),
    ),
    holdersOf: prepareStatement<{ readonly volume_id: string }, HeldVolumeRow>((place) =>
      db
        .selectFrom('volume_attachments')
        .innerJoin('vms', 'vms.id', 'volume_attachments.vm_id')
        .selectAll('volume_attachments')
        .select('vms.name')
        .where('volume_id', '=', place('volume_id'))
        .orderBy('vm_id'),
    ),
    list: ({ limit, after, owner }: Parameters<VolumeTable['list']>[0]) => {
      let query = db.selectFrom('volumes').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createVolumeTable(connection: Connection, statements: VolumeStatements): VolumeTable {
  return {
    ...namedRows(connection, statements, {
      what: 'volume',
      encode: encodeVolume,
      decode: decodeVolume,
      nameTaken,
    }),
    async listUnsettled() {
      const { rows } = await connection.execute(statements.listUnsettled({}));
      return rows.map(decodeVolume);
    },
    async listKeptOf(vmId) {
      const { rows } = await connection.execute(statements.listKeptOf({ vm_id: vmId }));
      return rows.map(decodeVolume);
    },
    async update(volume) {
      const read_revision = volume.revision - 1;
      const update = statements.update({ ...encodeVolume(volume), read_revision });
      const { changedRows } = await connection.execute(update).catch((error: unknown) => {
        // The name is all that is unique besides the id, which this statement finds the row by.
        throw isConstraint(error) ? nameTaken(volume.name, error) : error;
      });
      if (changedRows === 0) throw revisionConflict('volume', volume.id, read_revision);
    },
    async count() {
      const { rows } = await connection.execute(statements.count({}));
      return Number(rows[0]?.count ?? 0);
    },
    async sizeOf(owner) {
      const { rows } = await connection.execute(statements.sizeOf({ owner }));
      return Number(rows[0]?.size_gib ?? 0);
    },
    async attach({ volumeId, vmId, disk, isReadonly }) {
      const row = { volume_id: volumeId, vm_id: vmId, disk, is_readonly: isReadonly ? 1 : 0 };
      await connection.execute(statements.attach(row));
    },
    async detach(id, vmId) {
      await connection.execute(statements.detach({ volume_id: id, vm_id: vmId }));
    },
    async holdersOf(id) {
      const { rows } = await connection.execute(statements.holdersOf({ volume_id: id }));
      return rows.map(decodeHeldVolume);
    },
  };
}

function nameTaken(name: string, cause?: unknown): VolaryError {
  return new VolaryError('already_exists', `There is a volume named ${name} already.`, {
    reason: 'volume.name_taken',
    details: { field: 'name', name },
    cause,
  });
}

function everyColumn(place: Place<VolumeRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    labels: place('labels'),
    size_gib: place('size_gib'),
    state: place('state'),
    operation_id: place('operation_id'),
    failure: place('failure'),
    origin: place('origin'),
    origin_vm_id: place('origin_vm_id'),
    driver: place('driver'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
