import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Snapshots, the VMs that begin from them, and the operations on them. */
export const snapshots: Migration = {
  name: '0006-snapshots',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table snapshots (
      id ${id} primary key,
      name text unique,
      description text not null,
      labels text not null,
      state text not null,
      operation_id ${id},
      failure text,
      is_temporary ${integer} not null,
      source_id ${id} not null,
      source_name text not null,
      image text not null,
      image_digest text not null,
      vcpu_count ${integer} not null,
      memory_mib ${integer} not null,
      disk_gib ${integer} not null,
      network text not null,
      size_bytes ${integer},
      halted_ms ${integer},
      owner text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
    await sql`create index snapshots_source on snapshots (source_id, id)`.execute(db);
    await sql`create index snapshots_unsettled on snapshots (id)
      where state = 'creating' or state = 'deleting' or is_temporary = 1`.execute(db);
    await sql`alter table operations add column snapshot_id ${id}`.execute(db);
    await sql`alter table vms add column origin_snapshot_id ${id}`.execute(db);
    await sql`alter table vms add column origin_incarnation ${integer}`.execute(db);
    await sql`alter table vms add column origin_disk text`.execute(db);
    await sql`create index vms_origin on vms (origin_snapshot_id, id) where origin_snapshot_id is not null`.execute(db);
  },
};
