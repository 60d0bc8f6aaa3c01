import type { Kysely } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { RoleTable } from '../../../../ports/tables/user-table.ts';
import { decodeRole, encodeRole } from '../codecs/role-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { RoleRow } from '../rows/user-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { revisionConflict } from './conflicts.ts';

export const ROLE_TABLE = defineTable({
  statements: createRoleStatements,
  table: createRoleTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    update: 'writes',
    delete: 'writes',
  },
});

/** The queries on roles, compiled; one set serves all connections. */
type RoleStatements = ReturnType<typeof createRoleStatements>;

function createRoleStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<RoleRow, unknown>((place) =>
      db
        .insertInto('roles')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<RoleRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('roles')
        .set(everyColumn(place))
        .where('name', '=', place('name'))
        .where('revision', '=', place('read_revision')),
    ),
    get: prepareStatement<Pick<RoleRow, 'name'>, RoleRow>((place) =>
      db.selectFrom('roles').selectAll().where('name', '=', place('name')),
    ),
    delete: prepareStatement<Pick<RoleRow, 'name'>, unknown>((place) =>
      db.deleteFrom('roles').where('name', '=', place('name')),
    ),
    list: ({ limit, after }: Parameters<RoleTable['list']>[0]) => {
      const query = db.selectFrom('roles').selectAll().orderBy('name').limit(limit);
      return (after === null ? query : query.where('name', '>', after)).compile();
    },
  };
}

/** The table over one connection. */
function createRoleTable(connection: Connection, statements: RoleStatements): RoleTable {
  return {
    async insert(role) {
      const { changedRows } = await connection.execute(statements.insert(encodeRole(role)));
      if (changedRows === 0) throw nameTaken(role.name);
    },
    async get(name) {
      const { rows } = await connection.execute(statements.get({ name }));
      return rows[0] === undefined ? null : decodeRole(rows[0]);
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeRole);
    },
    async update(role) {
      const read_revision = role.revision - 1;
      const { changedRows } = await connection.execute(statements.update({ ...encodeRole(role), read_revision }));
      if (changedRows === 0) throw revisionConflict('role', role.name, read_revision);
    },
    async delete(name) {
      const { changedRows } = await connection.execute(statements.delete({ name }));
      return changedRows > 0;
    },
  };
}

function nameTaken(name: string): VolaryError {
  return new VolaryError('already_exists', `There is a role named ${name} already.`, {
    reason: 'role.name_taken',
    details: { field: 'name', name },
  });
}

function everyColumn(place: Place<RoleRow>) {
  return {
    name: place('name'),
    description: place('description'),
    permissions: place('permissions'),
    labels: place('labels'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
