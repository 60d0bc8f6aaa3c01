import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Sets of VMs that are kept alive, what they are made from, and which VM is one of which. */
export const deployments: Migration = {
  name: '0019-deployments',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table deployments (
      id ${id} primary key,
      name text not null unique,
      owner text not null,
      description text not null,
      labels text not null,
      replicas ${integer} not null,
      strategy text not null,
      autoscaling text,
      is_paused ${integer} not null,
      is_deleting ${integer} not null,
      target ${integer} not null,
      stable ${integer} not null,
      rollout text not null,
      backoffs text not null,
      status text not null,
      generation ${integer} not null,
      revision ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null
    )`.execute(db);
    await sql`create index deployments_owner on deployments (owner, id)`.execute(db);
    await sql`create table deployment_revisions (
      deployment_id ${id} not null,
      number ${integer} not null,
      at ${integer} not null,
      author text not null,
      cause text not null,
      template_name text,
      content text not null,
      primary key (deployment_id, number)
    )`.execute(db);
    await sql`create index deployment_revisions_template on deployment_revisions (template_name) where template_name is not null`.execute(
      db,
    );
    await sql`alter table vms add column deployment_id ${id}`.execute(db);
    await sql`alter table vms add column deployment_index ${integer}`.execute(db);
    await sql`alter table vms add column deployment_revision ${integer}`.execute(db);
    await sql`create index vms_deployment on vms (deployment_id, deployment_index) where deployment_id is not null`.execute(
      db,
    );
  },
};
