import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Finds the operations whose time is over without looking at the others. */
export const completedOperations: Migration = {
  name: '0004-completed-operations',
  altersData: false,
  async up(db) {
    await sql`create index operations_completed on operations (completed_at) where completed_at is not null`.execute(
      db,
    );
  },
};
