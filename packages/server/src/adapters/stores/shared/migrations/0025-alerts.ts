import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What is wrong with VMs, and was. The rows outlive their VMs. */
export const alerts: Migration = {
  name: '0025-alerts',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table alerts (
      id ${id} primary key,
      kind text not null,
      vm_id ${id} not null,
      vm_name text not null,
      owner text not null,
      state text not null,
      threshold ${integer},
      value double precision,
      message text not null,
      fired_at ${integer} not null,
      resolved_at ${integer}
    )`.execute(db);
    await sql`create unique index alerts_firing on alerts (vm_id, kind) where state = 'firing'`.execute(db);
    await sql`create index alerts_vm on alerts (vm_id, id)`.execute(db);
    await sql`create index alerts_owner on alerts (owner, id)`.execute(db);
    await sql`create index alerts_resolved on alerts (resolved_at) where resolved_at is not null`.execute(db);
  },
};
