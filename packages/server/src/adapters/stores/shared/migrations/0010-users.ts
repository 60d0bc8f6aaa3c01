import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Users, the roles that somebody made, and API keys. */
export const users: Migration = {
  name: '0010-users',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table users (
      id ${id} primary key,
      name text not null unique,
      email text,
      email_key text unique,
      display_name text not null,
      roles text not null,
      state text not null,
      source text not null,
      password_hash text,
      password_changed_at ${integer},
      mfa text,
      quota text,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      last_login_at ${integer},
      revision ${integer} not null
    )`.execute(db);
    await sql`create table roles (
      name text primary key,
      description text not null,
      permissions text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
    await sql`create table api_keys (
      id ${id} primary key,
      name text not null,
      owner text not null references users (name),
      prefix text not null unique,
      digest text not null,
      permissions text,
      expires_at ${integer},
      last_used_at ${integer},
      created_by text not null,
      created_at ${integer} not null
    )`.execute(db);
    await sql`create index api_keys_owner on api_keys (owner, id)`.execute(db);
  },
};
