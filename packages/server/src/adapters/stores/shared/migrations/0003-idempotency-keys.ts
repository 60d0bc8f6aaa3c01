import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Requests that took effect under a key of their caller's. */
export const idempotencyKeys: Migration = {
  name: '0003-idempotency-keys',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table idempotency_keys (
      principal text not null,
      key text not null,
      fingerprint text not null,
      request_id text not null,
      effect_kind text not null,
      effect_id ${id},
      created_at ${integer} not null,
      answer text,
      primary key (principal, key)
    )`.execute(db);
    await sql`create index idempotency_keys_created on idempotency_keys (created_at)`.execute(db);
  },
};
