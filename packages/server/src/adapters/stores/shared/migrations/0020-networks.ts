import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Networks, the addresses that VMs have on them, and rules for their traffic. */
export const networks: Migration = {
  name: '0020-networks',
  altersData: false,
  async up(db, { id, integer }) {
    await sql`create table networks (
      id ${id} primary key,
      name text not null unique,
      owner text not null,
      cidr text not null,
      subnets text not null,
      egress text not null,
      dns text,
      next_address ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
    // What keeps an address from being given twice, and gives it back with its VM.
    await sql`create table leases (
      network_id ${id} not null references networks (id),
      address ${integer} not null,
      vm_id ${id} not null unique references vms (id) on delete cascade,
      primary key (network_id, address)
    )`.execute(db);
    await sql`create table security_groups (
      id ${id} primary key,
      name text not null unique,
      owner text not null,
      description text not null,
      ingress text not null,
      egress text,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      revision ${integer} not null
    )`.execute(db);
  },
};
