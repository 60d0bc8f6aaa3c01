import { type Kysely, sql } from 'kysely';
import type { SessionTable } from '../../../../ports/tables/session-table.ts';
import { decodeSession, encodeSession } from '../codecs/session-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { SessionRow } from '../rows/session-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { revisionConflict } from './conflicts.ts';

export const SESSION_TABLE = defineTable({
  statements: createSessionStatements,
  table: createSessionTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    update: 'writes',
    endAllOf: 'writes',
    endBeyond: 'writes',
    deleteOld: 'writes',
  },
});

/** The queries on sessions, compiled; one set serves all connections. */
type SessionStatements = ReturnType<typeof createSessionStatements>;

interface EndOfMany {
  readonly user_id: string;
  readonly except: string;
  readonly at: number;
  readonly because: string;
}

function createSessionStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<SessionRow, unknown>((place) => db.insertInto('sessions').values(everyColumn(place))),
    update: prepareStatement<SessionRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('sessions')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    get: prepareStatement<Pick<SessionRow, 'id'>, SessionRow>((place) =>
      db.selectFrom('sessions').selectAll().where('id', '=', place('id')),
    ),
    list: ({ limit, after, owner, live }: Parameters<SessionTable['list']>[0]) => {
      let query = db
        .selectFrom('sessions')
        .selectAll()
        .where('ended_at', 'is', null)
        .where('expires_at', '>', live.at)
        .where('last_used_at', '>', live.usedAfter)
        .orderBy('id')
        .limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
    endAllOf: prepareStatement<EndOfMany, unknown>((place) =>
      db
        .updateTable('sessions')
        .set({ ended_at: place('at'), ended_because: place('because'), revision: sql`revision + 1` })
        .where('user_id', '=', place('user_id'))
        .where('id', '!=', place('except'))
        .where('ended_at', 'is', null),
    ),
    endBeyond: prepareStatement<Omit<EndOfMany, 'except'> & { readonly keep: number }, unknown>((place) =>
      db
        .updateTable('sessions')
        .set({ ended_at: place('at'), ended_because: place('because'), revision: sql`revision + 1` })
        .where('user_id', '=', place('user_id'))
        .where('ended_at', 'is', null)
        .where('id', 'not in', (inner) =>
          inner
            .selectFrom('sessions')
            .select('id')
            .where('user_id', '=', place('user_id'))
            .where('ended_at', 'is', null)
            .orderBy('last_used_at', 'desc')
            .orderBy('id', 'desc')
            .limit(place('keep')),
        ),
    ),
    deleteOld: prepareStatement<{ readonly before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('sessions')
        .where('id', 'in', (inner) =>
          inner
            .selectFrom('sessions')
            .select('id')
            .where('expires_at', '<', place('before'))
            .orderBy('expires_at')
            .limit(place('limit')),
        ),
    ),
  };
}

/** The table over one connection. */
function createSessionTable(connection: Connection, statements: SessionStatements): SessionTable {
  return {
    async insert(session) {
      await connection.execute(statements.insert(encodeSession(session)));
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeSession(rows[0]);
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeSession);
    },
    async update(session) {
      const read_revision = session.revision - 1;
      const { changedRows } = await connection.execute(statements.update({ ...encodeSession(session), read_revision }));
      if (changedRows === 0) throw revisionConflict('session', session.id, read_revision);
    },
    async endAllOf(userId, { at, because }, except) {
      const ended = { user_id: userId, except: except ?? '', at, because };
      return (await connection.execute(statements.endAllOf(ended))).changedRows;
    },
    async endBeyond(userId, keep, { at, because }) {
      return (await connection.execute(statements.endBeyond({ user_id: userId, keep, at, because }))).changedRows;
    },
    async deleteOld({ expiredBefore, limit }) {
      return (await connection.execute(statements.deleteOld({ before: expiredBefore, limit }))).changedRows;
    },
  };
}

function everyColumn(place: Place<SessionRow>) {
  return {
    id: place('id'),
    user_id: place('user_id'),
    owner: place('owner'),
    generation: place('generation'),
    rotates: place('rotates'),
    user_agent: place('user_agent'),
    address: place('address'),
    created_at: place('created_at'),
    last_used_at: place('last_used_at'),
    expires_at: place('expires_at'),
    ended_at: place('ended_at'),
    ended_because: place('ended_because'),
    revision: place('revision'),
  };
}
