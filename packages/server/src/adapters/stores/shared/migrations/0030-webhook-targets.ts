import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Webhooks that lead to an integration, which have an empty URL; and what is dead of all webhooks, to be found as fast as that of one. */
export const webhookTargets: Migration = {
  name: '0030-webhook-targets',
  altersData: false,
  async up(db) {
    await sql`alter table webhooks add column target text`.execute(db);
    await sql`create index webhook_deliveries_of_all on webhook_deliveries (state, id)`.execute(db);
  },
};
