import type { Kysely } from 'kysely';
import type { LeaseTable } from '../../../../ports/tables/network-tables.ts';
import { decodeLeasedVm, type LeasedVmRow } from '../codecs/network-codecs.ts';
import * as read from '../codecs/read-value.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { LeaseRow } from '../rows/network-rows.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const LEASE_TABLE = defineTable({
  statements: createLeaseStatements,
  table: createLeaseTable,
  methods: {
    insert: 'writes',
    ofVm: 'reads',
    takenFrom: 'reads',
    countIn: 'reads',
    list: 'reads',
  },
});

/** The queries on leases, compiled; one set serves all connections. */
type LeaseStatements = ReturnType<typeof createLeaseStatements>;

function createLeaseStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<LeaseRow, unknown>((place) =>
      db
        .insertInto('leases')
        .values({ network_id: place('network_id'), address: place('address'), vm_id: place('vm_id') }),
    ),
    advance: prepareStatement<{ readonly id: string; readonly next_address: number }, unknown>((place) =>
      db
        .updateTable('networks')
        .set({ next_address: place('next_address') })
        .where('id', '=', place('id')),
    ),
    ofVm: prepareStatement<Pick<LeaseRow, 'vm_id'>, LeaseRow>((place) =>
      db.selectFrom('leases').selectAll().where('vm_id', '=', place('vm_id')),
    ),
    takenFrom: prepareStatement<Pick<LeaseRow, 'network_id' | 'address'> & { readonly limit: number }, LeaseRow>(
      (place) =>
        db
          .selectFrom('leases')
          .selectAll()
          .where('network_id', '=', place('network_id'))
          .where('address', '>=', place('address'))
          .orderBy('address')
          .limit(place('limit')),
    ),
    countIn: prepareStatement<
      { readonly network_id: string; readonly first: number; readonly last: number },
      { readonly count: number }
    >((place) =>
      db
        .selectFrom('leases')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('network_id', '=', place('network_id'))
        .where('address', '>=', place('first'))
        .where('address', '<=', place('last')),
    ),
    list: ({ limit, after, networkId }: Parameters<LeaseTable['list']>[0]) => {
      let query = db
        .selectFrom('leases')
        .innerJoin('vms', 'vms.id', 'leases.vm_id')
        .select(['leases.network_id', 'leases.address', 'leases.vm_id', 'vms.name', 'vms.owner', 'vms.network'])
        .orderBy('leases.vm_id')
        .limit(limit);
      if (after !== null) query = query.where('leases.vm_id', '>', after);
      if (networkId !== undefined) query = query.where('leases.network_id', '=', networkId);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createLeaseTable(connection: Connection, statements: LeaseStatements): LeaseTable {
  return {
    async insert({ networkId, address, vmId }) {
      await connection.execute(statements.insert({ network_id: networkId, address, vm_id: vmId }));
      await connection.execute(statements.advance({ id: networkId, next_address: address + 1 }));
    },
    async ofVm(vmId) {
      const { rows } = await connection.execute(statements.ofVm({ vm_id: vmId }));
      const row = rows[0];
      if (row === undefined) return null;
      return { networkId: read.id('net')(row.network_id, 'network_id'), address: Number(row.address), vmId };
    },
    async takenFrom(networkId, address, limit) {
      const { rows } = await connection.execute(statements.takenFrom({ network_id: networkId, address, limit }));
      return rows.map((row) => Number(row.address));
    },
    async countIn(networkId, { first, last }) {
      const { rows } = await connection.execute(statements.countIn({ network_id: networkId, first, last }));
      return Number(rows[0]?.count ?? 0);
    },
    async list(page) {
      const { rows } = await connection.execute<LeasedVmRow>(statements.list(page));
      return rows.map(decodeLeasedVm);
    },
  };
}
