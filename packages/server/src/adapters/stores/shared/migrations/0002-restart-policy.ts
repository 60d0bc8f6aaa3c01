import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What follows when a VM's machine ends by itself. VMs from before have no policy. */
export const restartPolicy: Migration = {
  name: '0002-restart-policy',
  altersData: false,
  async up(db, { integer }) {
    await sql`alter table vms add column restart_policy text not null default 'never'`.execute(db);
    await sql`alter table vms add column restart_count ${integer} not null default 0`.execute(db);
    await sql`alter table vms add column restart_at ${integer}`.execute(db);
  },
};
