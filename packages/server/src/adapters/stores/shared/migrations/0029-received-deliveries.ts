import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What integrations have sent and was processed, so that it is processed once. */
export const receivedDeliveries: Migration = {
  name: '0029-received-deliveries',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table received_deliveries (
      integration ${id} not null,
      delivery_id ${id} not null,
      digest ${id},
      kind text not null,
      action text,
      received_at ${integer} not null,
      primary key (integration, delivery_id)
    )`.execute(db);
    await sql`create unique index received_deliveries_digest on received_deliveries (integration, digest)`.execute(db);
    await sql`create index received_deliveries_latest on received_deliveries (integration, received_at)`.execute(db);
    await sql`create index received_deliveries_old on received_deliveries (received_at)`.execute(db);
  },
};
