import type { Kysely } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { SecurityGroupTable } from '../../../../ports/tables/network-tables.ts';
import { decodeSecurityGroup, encodeSecurityGroup } from '../codecs/network-codecs.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { SecurityGroupRow } from '../rows/network-rows.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { namedRows } from './named-rows.ts';

export const SECURITY_GROUP_TABLE = defineTable({
  statements: createSecurityGroupStatements,
  table: createSecurityGroupTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    update: 'writes',
    delete: 'writes',
    count: 'reads',
    countOf: 'reads',
  },
});

/** The queries on security groups, compiled; one set serves all connections. */
type SecurityGroupStatements = ReturnType<typeof createSecurityGroupStatements>;

function createSecurityGroupStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<SecurityGroupRow, unknown>((place) =>
      db
        .insertInto('security_groups')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<SecurityGroupRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('security_groups')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    delete: prepareStatement<Pick<SecurityGroupRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('security_groups').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<SecurityGroupRow, 'id'>, SecurityGroupRow>((place) =>
      db.selectFrom('security_groups').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<SecurityGroupRow, 'name'>, SecurityGroupRow>((place) =>
      db.selectFrom('security_groups').selectAll().where('name', '=', place('name')),
    ),
    count: prepareStatement<Record<never, never>, { readonly count: number }>(() =>
      db.selectFrom('security_groups').select(({ fn }) => fn.countAll<number>().as('count')),
    ),
    countOf: prepareStatement<Pick<SecurityGroupRow, 'owner'>, { readonly count: number }>((place) =>
      db
        .selectFrom('security_groups')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('owner', '=', place('owner')),
    ),
    list: ({ limit, after, owner }: Parameters<SecurityGroupTable['list']>[0]) => {
      let query = db.selectFrom('security_groups').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createSecurityGroupTable(connection: Connection, statements: SecurityGroupStatements): SecurityGroupTable {
  return {
    ...namedRows(connection, statements, {
      what: 'security group',
      encode: encodeSecurityGroup,
      decode: decodeSecurityGroup,
      nameTaken,
    }),
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

function nameTaken(name: string): VolaryError {
  return new VolaryError('already_exists', `There is a security group named ${name} already.`, {
    reason: 'security_group.name_taken',
    details: { field: 'name', name },
  });
}

function everyColumn(place: Place<SecurityGroupRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    labels: place('labels'),
    description: place('description'),
    ingress: place('ingress'),
    egress: place('egress'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
