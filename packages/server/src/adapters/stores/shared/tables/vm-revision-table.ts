import type { Kysely } from 'kysely';
import type { VmRevisionTable } from '../../../../ports/tables/vm-revision-table.ts';
import { decodeVmRevision, encodeVmRevision } from '../codecs/vm-revision-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { VmRevisionRow } from '../rows/vm-revision-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const VM_REVISION_TABLE = defineTable({
  statements: createVmRevisionStatements,
  table: createVmRevisionTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    latest: 'reads',
    delete: 'writes',
  },
});

/** The queries on revisions, compiled; one set serves all connections. */
type VmRevisionStatements = ReturnType<typeof createVmRevisionStatements>;

type Key = Pick<VmRevisionRow, 'vm_id' | 'number'>;

function createVmRevisionStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<VmRevisionRow, unknown>((place) =>
      db.insertInto('vm_revisions').values({
        vm_id: place('vm_id'),
        number: place('number'),
        at: place('at'),
        author: place('author'),
        request_id: place('request_id'),
        cause: place('cause'),
        changes: place('changes'),
        settings: place('settings'),
      }),
    ),
    get: prepareStatement<Key, VmRevisionRow>((place) =>
      db
        .selectFrom('vm_revisions')
        .selectAll()
        .where('vm_id', '=', place('vm_id'))
        .where('number', '=', place('number')),
    ),
    list: prepareStatement<Key & { readonly limit: number }, VmRevisionRow>((place) =>
      db
        .selectFrom('vm_revisions')
        .selectAll()
        .where('vm_id', '=', place('vm_id'))
        .where('number', '<', place('number'))
        .orderBy('number', 'desc')
        .limit(place('limit')),
    ),
    latest: prepareStatement<Pick<Key, 'vm_id'>, { readonly number: number | null }>((place) =>
      db
        .selectFrom('vm_revisions')
        .select(({ fn }) => fn.max('number').as('number'))
        .where('vm_id', '=', place('vm_id')),
    ),
    delete: prepareStatement<Key, unknown>((place) =>
      db.deleteFrom('vm_revisions').where('vm_id', '=', place('vm_id')).where('number', '<=', place('number')),
    ),
  };
}

/** The table over one connection. */
function createVmRevisionTable(connection: Connection, statements: VmRevisionStatements): VmRevisionTable {
  return {
    async insert(revision, vm) {
      await connection.execute(statements.insert(encodeVmRevision(revision, vm)));
    },
    async get(vm, number) {
      const { rows } = await connection.execute(statements.get({ vm_id: vm.id, number }));
      return rows[0] === undefined ? null : decodeVmRevision(rows[0], vm);
    },
    async list({ vm, limit, after }) {
      const number = after ?? Number.MAX_SAFE_INTEGER;
      const { rows } = await connection.execute(statements.list({ vm_id: vm.id, number, limit }));
      return rows.map((row) => decodeVmRevision(row, vm));
    },
    async latest(vmId) {
      const { rows } = await connection.execute(statements.latest({ vm_id: vmId }));
      return Number(rows[0]?.number ?? 0);
    },
    async delete(vmId, upTo = Number.MAX_SAFE_INTEGER) {
      await connection.execute(statements.delete({ vm_id: vmId, number: upTo }));
    },
  };
}
