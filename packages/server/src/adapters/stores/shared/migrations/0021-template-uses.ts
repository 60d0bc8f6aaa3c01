import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** When a VM was last made from a version of a template. */
export const templateUses: Migration = {
  name: '0021-template-uses',
  altersData: false,
  async up(db, { integer }) {
    await sql`alter table templates add column last_used_at ${integer}`.execute(db);
  },
};
