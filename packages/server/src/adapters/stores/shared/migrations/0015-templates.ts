import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What VMs are made from, and a place for those fields of a spec that nobody looks for VMs by. */
export const templates: Migration = {
  name: '0015-templates',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table templates (
      id ${id} primary key,
      name text not null,
      version text not null,
      description text not null,
      content text not null,
      state text not null,
      operation_id ${id},
      is_enabled ${integer} not null,
      is_built_in ${integer} not null,
      owner text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
    await sql`create unique index templates_version on templates (name, version)`.execute(db);
    await sql`create index templates_owner on templates (owner)`.execute(db);
    await sql`alter table vms add column spec text not null default '{}'`.execute(db);
    await sql`alter table vms add column template_name text`.execute(db);
    await sql`create index vms_template on vms (template_name, id) where template_name is not null`.execute(db);
    await sql`alter table snapshots add column spec text not null default '{}'`.execute(db);
  },
};
