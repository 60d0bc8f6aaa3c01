import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What batches make and run. */
export const batchOrders: Migration = {
  name: '0026-batch-orders',
  altersData: false,
  async up(db, { id }) {
    await sql`create table batch_orders (
      operation_id ${id} primary key references operations (id) on delete cascade,
      content text not null
    )`.execute(db);
  },
};
