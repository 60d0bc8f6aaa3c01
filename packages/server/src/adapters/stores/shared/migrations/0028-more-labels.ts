import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Labels of accounts and what belongs to them. */
export const moreLabels: Migration = {
  name: '0027-more-labels',
  altersData: false,
  async up(db) {
    for (const table of ['users', 'roles', 'api_keys'])
      await sql`alter table ${sql.table(table)} add column labels text not null default '{}'`.execute(db);
  },
};
