import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** VMs that belong to somebody for a time, and what is done in each before it is used. */
export const workspaces: Migration = {
  name: '0022-workspaces',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table workspaces (
      id ${id} primary key,
      name text not null,
      owner text not null,
      vm_id ${id} not null unique,
      labels text not null,
      metadata text not null,
      ttl_seconds ${integer},
      repository text,
      setup_state text not null,
      setup_message text,
      setup_steps text not null,
      is_deleting ${integer} not null,
      generation ${integer} not null,
      revision ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null
    )`.execute(db);
    // The name of one that goes can be given to another at once.
    await sql`create unique index workspaces_name on workspaces (owner, name) where is_deleting = 0`.execute(db);
    await sql`create index workspaces_owner on workspaces (owner, id)`.execute(db);
    await sql`create index workspaces_by_name on workspaces (name)`.execute(db);
    await sql`create index workspaces_pending on workspaces (id) where setup_state = 'pending'`.execute(db);
  },
};
