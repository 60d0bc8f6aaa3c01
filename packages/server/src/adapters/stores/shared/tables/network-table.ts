import type { Kysely } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import { DEFAULT_NETWORK } from '../../../../domain/network/network.ts';
import type { NetworkTable } from '../../../../ports/tables/network-tables.ts';
import { decodeNetwork, encodeNetwork } from '../codecs/network-codecs.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { NetworkRow } from '../rows/network-rows.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { namedRows } from './named-rows.ts';

export const NETWORK_TABLE = defineTable({
  statements: createNetworkStatements,
  table: createNetworkTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    update: 'writes',
    delete: 'writes',
    countOf: 'reads',
  },
});

/** The queries on networks, compiled; one set serves all connections. */
type NetworkStatements = ReturnType<typeof createNetworkStatements>;

function createNetworkStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<NetworkRow, unknown>((place) =>
      db
        .insertInto('networks')
        .values({ ...everyColumn(place), next_address: place('next_address') })
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<NetworkRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('networks')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    delete: prepareStatement<Pick<NetworkRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('networks').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<NetworkRow, 'id'>, NetworkRow>((place) =>
      db.selectFrom('networks').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<NetworkRow, 'name'>, NetworkRow>((place) =>
      db.selectFrom('networks').selectAll().where('name', '=', place('name')),
    ),
    countOf: prepareStatement<Pick<NetworkRow, 'owner'>, { readonly count: number }>((place) =>
      db
        .selectFrom('networks')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('owner', '=', place('owner')),
    ),
    list: ({ limit, after, owner }: Parameters<NetworkTable['list']>[0]) => {
      let query = db.selectFrom('networks').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined)
        query = query.where((where) =>
          where.or([where('owner', '=', owner), where('name', '=', DEFAULT_NETWORK.name)]),
        );
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createNetworkTable(connection: Connection, statements: NetworkStatements): NetworkTable {
  return {
    ...namedRows(connection, statements, {
      what: 'network',
      encode: encodeNetwork,
      decode: decodeNetwork,
      nameTaken,
    }),
    async countOf(owner) {
      const { rows } = await connection.execute(statements.countOf({ owner }));
      return Number(rows[0]?.count ?? 0);
    },
  };
}

function nameTaken(name: string): VolaryError {
  return new VolaryError('already_exists', `There is a network named ${name} already.`, {
    reason: 'network.name_taken',
    details: { field: 'name', name },
  });
}

/** Without where the next address is looked for, which is written with each lease. */
function everyColumn(place: Place<NetworkRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    labels: place('labels'),
    cidr: place('cidr'),
    subnets: place('subnets'),
    egress: place('egress'),
    dns: place('dns'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
