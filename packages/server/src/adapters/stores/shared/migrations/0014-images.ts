import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Definitions of images that users gave, or have asked for, and when images were last used. */
export const images: Migration = {
  name: '0014-images',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table images (
      name text primary key,
      definition text not null,
      owner text not null,
      template text,
      created_at ${integer} not null,
      updated_at ${integer} not null
    )`.execute(db);
    await sql`create index images_template on images (template) where template is not null`.execute(db);
    await sql`create table image_requests (
      operation_id ${id} primary key,
      definition text not null
    )`.execute(db);
    await sql`create table image_uses (
      name text primary key,
      used_at ${integer} not null
    )`.execute(db);
  },
};
