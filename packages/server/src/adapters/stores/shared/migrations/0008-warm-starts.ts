import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How a VM's first life may begin. Those from before began as they could. */
export const warmStarts: Migration = {
  name: '0008-warm-starts',
  altersData: false,
  async up(db) {
    await sql`alter table vms add column warm_start text not null default 'auto'`.execute(db);
  },
};
