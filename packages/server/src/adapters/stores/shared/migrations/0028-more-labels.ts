import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Labels of accounts and what belongs to them, and of what has a name and no row: images and tools. */
export const moreLabels: Migration = {
  name: '0028-more-labels',
  altersData: false,
  async up(db, { id }) {
    for (const table of ['users', 'roles', 'api_keys'])
      await sql`alter table ${sql.table(table)} add column labels text not null default '{}'`.execute(db);
    await sql`create table named_labels (
      kind ${id} not null,
      name ${id} not null,
      labels text not null,
      primary key (kind, name)
    )`.execute(db);
    // Those that an image gets when it has been made; null: those that its name has.
    await sql`alter table image_requests add column labels text`.execute(db);
  },
};
