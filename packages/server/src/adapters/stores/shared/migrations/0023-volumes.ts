import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Volumes, and which VMs have them. */
export const volumes: Migration = {
  name: '0023-volumes',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table volumes (
      id ${id} primary key,
      name text not null unique,
      owner text not null,
      labels text not null,
      size_gib ${integer} not null,
      state text not null,
      operation_id ${id},
      failure text,
      origin text not null,
      origin_vm_id ${id},
      driver text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
    await sql`create index volumes_unsettled on volumes (id) where state = 'creating' or state = 'deleting'`.execute(
      db,
    );
    await sql`create index volumes_kept on volumes (origin_vm_id, id) where origin_vm_id is not null`.execute(db);
    // What keeps a volume that a VM has, and gives it back with the row of the VM.
    await sql`create table volume_attachments (
      volume_id ${id} not null references volumes (id),
      vm_id ${id} not null references vms (id) on delete cascade,
      disk text not null,
      is_readonly ${integer} not null,
      primary key (volume_id, vm_id)
    )`.execute(db);
    await sql`create index volume_attachments_vm on volume_attachments (vm_id)`.execute(db);
    await sql`create unique index volume_attachments_writer on volume_attachments (volume_id) where is_readonly = 0`.execute(
      db,
    );
    await sql`alter table operations add column volume_id ${id}`.execute(db);
  },
};
