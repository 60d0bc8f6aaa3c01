import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Webhooks, and those of their deliveries that did not succeed at once. */
export const webhooks: Migration = {
  name: '0005-webhooks',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table webhooks (
      id ${id} primary key,
      url text not null,
      types text,
      vm_id ${id},
      description text not null,
      secrets text not null,
      is_enabled ${integer} not null,
      disabled_because text,
      cursor ${integer} not null,
      failure_count ${integer} not null,
      failing_since ${integer},
      last_delivered_at ${integer},
      owner text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
    await sql`create table webhook_deliveries (
      id ${id} primary key,
      webhook_id ${id} not null references webhooks (id) on delete cascade,
      kind text not null,
      state text not null,
      first_sequence ${integer} not null,
      sequence ${integer} not null,
      event text,
      tries ${integer} not null,
      first_tried_at ${integer},
      next_try_at ${integer},
      last_try text,
      created_at ${integer} not null,
      completed_at ${integer}
    )`.execute(db);
    await sql`create index webhook_deliveries_webhook on webhook_deliveries (webhook_id, id)`.execute(db);
    await sql`create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, next_try_at, sequence)
      where state = 'waiting'`.execute(db);
    await sql`create index webhook_deliveries_state on webhook_deliveries (webhook_id, state, id)`.execute(db);
    await sql`create index webhook_deliveries_completed on webhook_deliveries (completed_at)
      where completed_at is not null`.execute(db);
  },
};
