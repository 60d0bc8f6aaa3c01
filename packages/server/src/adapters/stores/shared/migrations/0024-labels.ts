import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Labels of what had none. */
export const labels: Migration = {
  name: '0024-labels',
  altersData: false,
  async up(db) {
    for (const table of ['networks', 'security_groups', 'webhooks', 'secrets'])
      await sql`alter table ${sql.table(table)} add column labels text not null default '{}'`.execute(db);
  },
};
