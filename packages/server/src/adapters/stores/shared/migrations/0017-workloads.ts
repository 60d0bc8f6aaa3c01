import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How what runs in a VM is, and the execution that it is. */
export const workloads: Migration = {
  name: '0017-workloads',
  altersData: false,
  async up(db, { integer }) {
    await sql`alter table vms add column workload_status text`.execute(db);
    await sql`alter table executions add column is_workload ${integer} not null default 0`.execute(db);
  },
};
