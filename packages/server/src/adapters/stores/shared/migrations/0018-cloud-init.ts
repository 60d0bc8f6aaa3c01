import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How far cloud-init is in a VM. */
export const cloudInit: Migration = {
  name: '0018-cloud-init',
  altersData: false,
  async up(db) {
    await sql`alter table vms add column cloud_init_status text`.execute(db);
  },
};
