import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Sealed values with names, and the VMs that are given them. */
export const secrets: Migration = {
  name: '0013-secrets',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table secrets (
      id ${id} primary key,
      name text not null,
      owner text not null,
      description text not null,
      version ${integer} not null,
      size_bytes ${integer} not null,
      is_text ${integer} not null,
      sealed text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      last_used_at ${integer},
      revision ${integer} not null
    )`.execute(db);
    await sql`create unique index secrets_name on secrets (owner, name)`.execute(db);
    await sql`alter table vms add column secrets text not null default '[]'`.execute(db);
    await sql`create index vms_secrets on vms (id) where secrets <> '[]'`.execute(db);
    await sql`alter table snapshots add column secrets text not null default '[]'`.execute(db);
  },
};
