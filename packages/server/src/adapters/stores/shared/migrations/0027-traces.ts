import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What the steps of an operation are part of. */
export const traces: Migration = {
  name: '0027-traces',
  altersData: false,
  async up(db) {
    await sql`alter table operations add column trace text`.execute(db);
  },
};
