import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What VMs are made from: a place for those fields of a spec that nobody looks for VMs by. */
export const templates: Migration = {
  name: '0015-templates',
  altersData: false,
  async up(db) {
    await sql`alter table vms add column spec text not null default '{}'`.execute(db);
    await sql`alter table snapshots add column spec text not null default '{}'`.execute(db);
  },
};
