import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import { emailKey, type User } from '../../../../domain/user/user.ts';
import type { OwnedCounts, UserTable } from '../../../../ports/tables/user-table.ts';
import { decodeUser, encodeUser } from '../codecs/user-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { UserRow } from '../rows/user-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { isConstraint, revisionConflict } from './conflicts.ts';

export const USER_TABLE = defineTable({
  statements: createUserStatements,
  table: createUserTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    getByEmail: 'reads',
    list: 'reads',
    listWithRole: 'reads',
    listMfaSealedBy: 'reads',
    update: 'writes',
    countOwned: 'reads',
    markLogin: 'writes',
  },
});

/** The queries on users, compiled; one set serves all connections. */
type UserStatements = ReturnType<typeof createUserStatements>;

function createUserStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<UserRow, unknown>((place) =>
      db
        .insertInto('users')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<UserRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('users')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    markLogin: prepareStatement<{ readonly id: string; readonly at: number }, unknown>((place) =>
      db
        .updateTable('users')
        .set({ last_login_at: place('at') })
        .where('id', '=', place('id')),
    ),
    get: prepareStatement<Pick<UserRow, 'id'>, UserRow>((place) =>
      db.selectFrom('users').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<UserRow, 'name'>, UserRow>((place) =>
      db.selectFrom('users').selectAll().where('name', '=', place('name')),
    ),
    getByEmail: prepareStatement<{ readonly email_key: string }, UserRow>((place) =>
      db.selectFrom('users').selectAll().where('email_key', '=', place('email_key')),
    ),
    countOwned: prepareStatement<{ readonly owner: string }, Record<keyof OwnedCounts, number | null>>((place) => {
      const countIn = (table: keyof OwnedCounts) =>
        db
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('owner', '=', place('owner'))
          .as(table);
      return db.selectNoFrom([
        countIn('vms'),
        countIn('snapshots'),
        countIn('webhooks'),
        countIn('secrets'),
        countIn('templates'),
        countIn('deployments'),
        countIn('volumes'),
        countIn('networks'),
        countIn('security_groups'),
      ]);
    }),
    list: ({ limit, after, states }: Parameters<UserTable['list']>[0]) => {
      let query = db.selectFrom('users').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (states !== undefined) query = query.where('state', 'in', states);
      return query.compile();
    },
    // The sealed text has no character that is written otherwise in JSON, nor one that means something in a pattern.
    listMfaSealedBy: (prefix: string, limit: number) =>
      db
        .selectFrom('users')
        .selectAll()
        .where('mfa', 'like', `%"sealedSecret":"${prefix}%`)
        .orderBy('id')
        .limit(limit)
        .compile(),
    // Of a list as JSON text: names of roles hold no character that is written otherwise there, nor one that means something in a pattern.
    listWithRole: (role: string, limit: number) =>
      db
        .selectFrom('users')
        .selectAll()
        .where('state', '!=', sql.lit('deleted'))
        .where('roles', 'like', `%${JSON.stringify(role)}%`)
        .orderBy('id')
        .limit(limit)
        .compile(),
  };
}

const NOTHING: OwnedCounts = {
  vms: 0,
  snapshots: 0,
  webhooks: 0,
  secrets: 0,
  templates: 0,
  deployments: 0,
  volumes: 0,
  networks: 0,
  security_groups: 0,
};

/** The table over one connection. */
function createUserTable(connection: Connection, statements: UserStatements): UserTable {
  const one = async (rows: Promise<{ readonly rows: readonly UserRow[] }>): Promise<User | null> => {
    const row = (await rows).rows[0];
    return row === undefined ? null : decodeUser(row);
  };
  return {
    async insert(user) {
      const insert = connection.execute(statements.insert(encodeUser(user)));
      const { changedRows } = await insert.catch((error: unknown) => {
        throw emailTaken(user, error);
      });
      if (changedRows === 0) throw nameTaken(user.name);
    },
    get: (id) => one(connection.execute(statements.get({ id }))),
    getByName: (name) => one(connection.execute(statements.getByName({ name }))),
    getByEmail: (email) => one(connection.execute(statements.getByEmail({ email_key: emailKey(email) }))),
    async list(page) {
      if (page.states?.length === 0) return [];
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeUser);
    },
    async listWithRole(role, limit) {
      const { rows } = await connection.execute(statements.listWithRole(role, limit));
      return rows.map(decodeUser);
    },
    async listMfaSealedBy(prefix, limit) {
      const { rows } = await connection.execute(statements.listMfaSealedBy(prefix, limit));
      return rows.map(decodeUser);
    },
    async update(user) {
      const read_revision = user.revision - 1;
      const update = connection.execute(statements.update({ ...encodeUser(user), read_revision }));
      const { changedRows } = await update.catch((error: unknown) => {
        throw emailTaken(user, error);
      });
      if (changedRows === 0) throw revisionConflict('user', user.id, read_revision);
    },
    async countOwned(name) {
      const [counts] = (await connection.execute(statements.countOwned({ owner: name }))).rows;
      const { vms, snapshots, webhooks, secrets, templates, deployments, volumes, networks, security_groups } =
        counts ?? NOTHING;
      return {
        ...{ vms: Number(vms), snapshots: Number(snapshots) },
        ...{ webhooks: Number(webhooks), secrets: Number(secrets), templates: Number(templates) },
        ...{
          deployments: Number(deployments),
          volumes: Number(volumes),
          networks: Number(networks),
          security_groups: Number(security_groups),
        },
      };
    },
    async markLogin(id, at) {
      await connection.execute(statements.markLogin({ id, at }));
    },
  };
}

function nameTaken(name: string): VolaryError {
  return new VolaryError('already_exists', `There is, or was, a user named ${name}; a name is given once.`, {
    reason: 'user.name_taken',
    details: { field: 'name', name },
  });
}

/** The one key besides id and name that can refuse a write is that of the address. */
function emailTaken({ email }: User, error: unknown): unknown {
  if (!isConstraint(error) || email === null) return error;
  return new VolaryError('already_exists', 'Another user has this e-mail address.', {
    reason: 'user.email_taken',
    details: { field: 'email' },
    cause: error,
  });
}

function everyColumn(place: Place<UserRow>) {
  return {
    id: place('id'),
    name: place('name'),
    email: place('email'),
    email_key: place('email_key'),
    display_name: place('display_name'),
    roles: place('roles'),
    state: place('state'),
    source: place('source'),
    password_hash: place('password_hash'),
    password_changed_at: place('password_changed_at'),
    mfa: place('mfa'),
    quota: place('quota'),
    labels: place('labels'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    last_login_at: place('last_login_at'),
    revision: place('revision'),
  };
}
