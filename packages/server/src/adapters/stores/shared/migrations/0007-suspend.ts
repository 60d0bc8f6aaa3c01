import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** VMs that are suspended, by whom, and when they are on their own; VMs that are deleted when their time is over. */
export const suspend: Migration = {
  name: '0007-suspend',
  altersData: false,
  async up(db, { integer }) {
    await sql`alter table vms add column suspension text`.execute(db);
    await sql`alter table vms add column auto_suspend text`.execute(db);
    await sql`alter table vms add column auto_wake ${integer} not null default 1`.execute(db);
    await sql`alter table vms add column expires_at ${integer}`.execute(db);
    await sql`alter table vms add column expiry_told_at ${integer}`.execute(db);
    await sql`create index vms_expiry on vms (expires_at, id) where expires_at is not null`.execute(db);
  },
};
