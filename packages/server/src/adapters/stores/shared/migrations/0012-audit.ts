import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Who did what: rows are never changed, which the database itself sees to; old ones are dropped. And what quotas count quickly by. */
export const audit: Migration = {
  name: '0012-audit',
  altersData: false,
  async up(db, { id, integer, refuseUpdates }) {
    await sql`create table audit (
      sequence ${integer} primary key,
      at ${integer} not null,
      principal text not null,
      credential_kind text not null,
      credential_id ${id},
      address text,
      request_id ${id},
      action text not null,
      target_kind text not null,
      target_id text,
      target_name text,
      result text not null,
      reason text,
      details text not null
    )`.execute(db);
    await sql`create table audit_counter (last_sequence ${integer} not null)`.execute(db);
    await sql`insert into audit_counter (last_sequence) values (0)`.execute(db);
    await sql`create index audit_at on audit (at)`.execute(db);
    await sql`create index audit_principal on audit (principal, sequence)`.execute(db);
    await sql`create index audit_target_id on audit (target_id, sequence) where target_id is not null`.execute(db);
    await sql`create index audit_target_name on audit (target_name, sequence) where target_name is not null`.execute(
      db,
    );
    await refuseUpdates('audit').execute(db);
    await sql`create index executions_active_of on executions (owner) where state in ('starting', 'running')`.execute(
      db,
    );
  },
};
