import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { Operation } from '../../../../domain/operation/operation.ts';
import type { OperationTable } from '../../../../ports/tables/operation-table.ts';
import { decodeOperation, encodeOperation } from '../codecs/operation-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { OperationRow } from '../rows/operation-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { revisionConflict } from './conflicts.ts';

export const OPERATION_TABLE = defineTable({
  statements: createOperationStatements,
  table: createOperationTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    update: 'writes',
    findActive: 'reads',
    listActive: 'reads',
    deleteFinished: 'writes',
  },
});

/** The queries on operations, compiled; one set serves all connections. */
type OperationStatements = ReturnType<typeof createOperationStatements>;

function createOperationStatements(db: Kysely<Schema>) {
  // The states stand in the text of these, since that is how a database sees that its index on active ones will do.
  const active = db
    .selectFrom('operations')
    .selectAll()
    .where('state', 'in', [sql.lit('pending'), sql.lit('running')]);
  return {
    insert: prepareStatement<OperationRow, unknown>((place) =>
      db
        .insertInto('operations')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.doNothing()),
    ),
    update: prepareStatement<OperationRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('operations')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    get: prepareStatement<Pick<OperationRow, 'id'>, OperationRow>((place) =>
      db.selectFrom('operations').selectAll().where('id', '=', place('id')),
    ),
    findActive: prepareStatement<{ readonly vm_id: string }, OperationRow>((place) =>
      active.where('vm_id', '=', place('vm_id')),
    ),
    listActive: prepareStatement<Record<never, never>, OperationRow>(() => active.orderBy('id')),
    deleteFinished: prepareStatement<{ readonly completed_before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('operations')
        .where('id', 'in', ({ selectFrom }) =>
          selectFrom('operations as old')
            .select('old.id')
            .where('old.completed_at', '<', place('completed_before'))
            .orderBy('old.completed_at')
            .limit(place('limit')),
        ),
    ),
    list: ({ limit, after, vmId, state, kind, owner }: Parameters<OperationTable['list']>[0]) => {
      let query = db.selectFrom('operations').selectAll().orderBy('id', 'desc').limit(limit);
      if (after !== null) query = query.where('id', '<', after);
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      if (state !== undefined) query = query.where('state', '=', state);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createOperationTable(connection: Connection, statements: OperationStatements): OperationTable {
  async function findActive(vmId: string): Promise<Operation | null> {
    const { rows } = await connection.execute(statements.findActive({ vm_id: vmId }));
    return rows[0] === undefined ? null : decodeOperation(rows[0]);
  }

  return {
    async insert(operation) {
      const { changedRows } = await connection.execute(statements.insert(encodeOperation(operation)));
      if (changedRows > 0) return;
      const active = operation.subject.kind === 'vm' ? await findActive(operation.subject.id) : null;
      throw active === null ? idTaken(operation) : anotherIsActive(active);
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeOperation(rows[0]);
    },
    async list(request) {
      const { rows } = await connection.execute(statements.list(request));
      return rows.map(decodeOperation);
    },
    async update(operation) {
      const read_revision = operation.revision - 1;
      const update = statements.update({ ...encodeOperation(operation), read_revision });
      const { changedRows } = await connection.execute(update);
      if (changedRows === 0) throw revisionConflict('operation', operation.id, read_revision);
    },
    findActive,
    async deleteFinished({ completedBefore, limit }) {
      const query = statements.deleteFinished({ completed_before: completedBefore, limit });
      return (await connection.execute(query)).changedRows;
    },
    async listActive() {
      const { rows } = await connection.execute(statements.listActive({}));
      return rows.map(decodeOperation);
    },
  };
}

function anotherIsActive(active: Operation): VolaryError {
  return new VolaryError('conflict', `Another operation on this VM is under way: ${active.kind}.`, {
    reason: 'operation.active',
    details: { operation_id: active.id, kind: active.kind },
  });
}

function idTaken({ id }: Operation): VolaryError {
  return new VolaryError('conflict', `There is an operation ${id} already.`, { reason: 'store.constraint' });
}

function everyColumn(place: Place<OperationRow>) {
  return {
    id: place('id'),
    kind: place('kind'),
    subject_kind: place('subject_kind'),
    subject_name: place('subject_name'),
    vm_id: place('vm_id'),
    snapshot_id: place('snapshot_id'),
    volume_id: place('volume_id'),
    generation: place('generation'),
    state: place('state'),
    steps: place('steps'),
    progress: place('progress'),
    result: place('result'),
    error: place('error'),
    principal: place('principal'),
    owner: place('owner'),
    created_at: place('created_at'),
    started_at: place('started_at'),
    completed_at: place('completed_at'),
    deadline_at: place('deadline_at'),
    trace: place('trace'),
    revision: place('revision'),
  };
}
