import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What logins have opened, and the keys that sign their tokens. */
export const sessions: Migration = {
  name: '0011-sessions',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table sessions (
      id ${id} primary key,
      user_id ${id} not null references users (id),
      owner text not null,
      generation ${integer} not null,
      rotates ${integer} not null,
      user_agent text not null,
      address text,
      created_at ${integer} not null,
      last_used_at ${integer} not null,
      expires_at ${integer} not null,
      ended_at ${integer},
      ended_because text,
      revision ${integer} not null
    )`.execute(db);
    await sql`create index sessions_owner on sessions (owner, id)`.execute(db);
    await sql`create index sessions_user on sessions (user_id, last_used_at) where ended_at is null`.execute(db);
    await sql`create index sessions_expires on sessions (expires_at)`.execute(db);
    await sql`create table signing_keys (
      key_id text primary key,
      jwk text not null,
      sealed_private_key text not null,
      created_at ${integer} not null,
      signs_from ${integer} not null
    )`.execute(db);
  },
};
