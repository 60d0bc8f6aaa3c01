import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/**
 * Whose an operation, a command and an event are, for those who see only what is their own. Until now there was one user, the built-in
 * administrator, so that everything is theirs.
 */
export const owners: Migration = {
  name: '0009-owners',
  altersData: false,
  async up(db) {
    await sql`alter table operations add column owner text not null default 'admin'`.execute(db);
    await sql`alter table executions add column owner text not null default 'admin'`.execute(db);
    await sql`alter table events add column owner text`.execute(db);
    await sql`alter table webhooks add column events_of text`.execute(db);
    await sql`create index vms_owner on vms (owner, id)`.execute(db);
    await sql`create index operations_owner on operations (owner, id)`.execute(db);
    await sql`create index executions_owner on executions (owner, id)`.execute(db);
    await sql`create index events_owner on events (owner, sequence) where owner is not null`.execute(db);
  },
};
