import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How each VM was set, from one change to the next; and what its machine was made with. */
export const vmRevisions: Migration = {
  name: '0016-vm-revisions',
  altersData: false,
  async up(db, { id, integer, refuseUpdates }) {
    await sql`create table vm_revisions (
      vm_id ${id} not null,
      number ${integer} not null,
      at ${integer} not null,
      author text not null,
      request_id ${id},
      cause text not null,
      changes text not null,
      settings text not null,
      primary key (vm_id, number)
    )`.execute(db);
    await refuseUpdates('vm_revisions').execute(db);
    await sql`alter table vms add column machine text`.execute(db);
  },
};
