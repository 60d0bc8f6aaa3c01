import { type Kysely, sql } from 'kysely';
import type { ColumnTypes, Migration } from './migration.ts';

/** VMs, operations, executions with their output, the log of events, and settings. */
export const initial: Migration = {
  name: '0001-initial',
  altersData: false,
  async up(db, types) {
    await createVms(db, types);
    await createOperations(db, types);
    await createExecutions(db, types);
    await createEvents(db, types);
    await sql`create table settings (name text primary key, value text not null)`.execute(db);
  },
};

async function createVms(db: Kysely<unknown>, { id, integer }: ColumnTypes): Promise<void> {
  await sql`create table vms (
    id ${id} primary key,
    name text not null,
    owner text not null,
    image text not null,
    vcpu_count ${integer} not null,
    memory_mib ${integer} not null,
    disk_gib ${integer} not null,
    network text not null,
    labels text not null,
    metadata text not null,
    desired_power text not null,
    desired_incarnation ${integer} not null,
    desired_grace_ms ${integer} not null,
    phase text not null,
    phase_since ${integer} not null,
    phase_operation_id ${id},
    phase_deadline_at ${integer},
    failure text,
    health text not null,
    driver text not null,
    host_id ${id} not null,
    handle text,
    image_digest text,
    incarnation ${integer} not null,
    generation ${integer} not null,
    revision ${integer} not null,
    pid ${integer},
    ip text,
    created_at ${integer} not null,
    updated_at ${integer} not null,
    started_at ${integer}
  )`.execute(db);
  await sql`create unique index vms_name on vms (name)`.execute(db);
  await sql`create index vms_phase on vms (phase, id)`.execute(db);
  // Holds all that admission sums up, so that the rows themselves need not be read.
  await sql`create index vms_promised on vms (desired_power, memory_mib, disk_gib)`.execute(db);
}

async function createOperations(db: Kysely<unknown>, { id, integer }: ColumnTypes): Promise<void> {
  await sql`create table operations (
    id ${id} primary key,
    kind text not null,
    subject_kind text not null,
    subject_name text not null,
    vm_id ${id},
    generation ${integer} not null,
    state text not null,
    steps text not null,
    progress text,
    result text not null,
    error text,
    principal text not null,
    created_at ${integer} not null,
    started_at ${integer},
    completed_at ${integer},
    deadline_at ${integer} not null,
    revision ${integer} not null
  )`.execute(db);
  // The database itself refuses a second operation on a VM while there is one that is not final.
  await sql`create unique index operations_one_active on operations (vm_id)
    where state in ('pending', 'running')`.execute(db);
  await sql`create index operations_vm on operations (vm_id, id)`.execute(db);
  await sql`create index operations_state on operations (state, id)`.execute(db);
}

async function createExecutions(db: Kysely<unknown>, { id, integer, bytes }: ColumnTypes): Promise<void> {
  await sql`create table executions (
    id ${id} primary key,
    vm_id ${id} not null,
    incarnation ${integer} not null,
    request text not null,
    state text not null,
    exit_code ${integer},
    signal text,
    timed_out ${integer} not null,
    error text,
    stdout_bytes ${integer} not null,
    stderr_bytes ${integer} not null,
    is_truncated ${integer} not null,
    principal text not null,
    created_at ${integer} not null,
    started_at ${integer},
    completed_at ${integer}
  )`.execute(db);
  await sql`create index executions_vm on executions (vm_id, id)`.execute(db);
  await sql`create index executions_completed on executions (completed_at) where completed_at is not null`.execute(db);
  await sql`create index executions_active on executions (id) where state in ('starting', 'running')`.execute(db);
  await sql`create table execution_output (
    execution_id ${id} not null references executions (id) on delete cascade,
    stream text not null,
    start_offset ${integer} not null,
    end_offset ${integer} not null,
    bytes ${bytes} not null,
    primary key (execution_id, stream, start_offset)
  )`.execute(db);
}

async function createEvents(db: Kysely<unknown>, { id, integer }: ColumnTypes): Promise<void> {
  await sql`create table events (
    sequence ${integer} primary key,
    type text not null,
    at ${integer} not null,
    subject text not null,
    vm_id text,
    operation_id ${id},
    data text not null
  )`.execute(db);
  await sql`create index events_vm on events (vm_id, sequence)`.execute(db);
  await sql`create table event_counter (last_sequence ${integer} not null)`.execute(db);
  await sql`insert into event_counter (last_sequence) values (0)`.execute(db);
}
