import { type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { VmTable } from '../../../../ports/tables/vm-table.ts';
import { decodeVm, decodeVmId, encodeVm } from '../codecs/vm-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { VmRow } from '../rows/vm-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { isConstraint, revisionConflict } from './conflicts.ts';

export const VM_TABLE = defineTable({
  statements: createVmStatements,
  table: createVmTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    count: 'reads',
    listIds: 'reads',
    update: 'writes',
    delete: 'writes',
    promised: 'reads',
    usageOf: 'reads',
    listPendingFrom: 'reads',
    listGiven: 'reads',
    listMadeFrom: 'reads',
    listExpiries: 'reads',
    changeCount: 'reads',
  },
});

/** The queries on VMs, compiled; one set serves all connections. */
type VmStatements = ReturnType<typeof createVmStatements>;

function createVmStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<VmRow, unknown>((place) =>
      db
        .insertInto('vms')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<VmRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('vms')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    delete: prepareStatement<Pick<VmRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('vms').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<VmRow, 'id'>, VmRow>((place) =>
      db.selectFrom('vms').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<VmRow, 'name'>, VmRow>((place) =>
      db.selectFrom('vms').selectAll().where('name', '=', place('name')),
    ),
    listPendingFrom: prepareStatement<{ readonly snapshot_id: string; readonly limit: number }, VmRow>((place) =>
      db
        .selectFrom('vms')
        .selectAll()
        .where('origin_snapshot_id', '=', place('snapshot_id'))
        .whereRef('incarnation', '<', 'origin_incarnation')
        .orderBy('id')
        .limit(place('limit')),
    ),
    listGiven: prepareStatement<{ readonly pattern: string; readonly limit: number }, VmRow>((place) =>
      db
        .selectFrom('vms')
        .selectAll()
        // As the index says it: else a database does not see that it will do.
        .where('secrets', '<>', sql.lit('[]'))
        .where('secrets', 'like', place('pattern'))
        .orderBy('id')
        .limit(place('limit')),
    ),
    listMadeFrom: prepareStatement<{ readonly template_name: string }, VmRow>((place) =>
      db.selectFrom('vms').selectAll().where('template_name', '=', place('template_name')).orderBy('id'),
    ),
    promised: preparePromised(db),
    usageOf: prepareUsageOf(db),
    listExpiries: prepareStatement<Record<never, never>, VmRow>(() =>
      db.selectFrom('vms').selectAll().where('expires_at', 'is not', null).orderBy('expires_at').orderBy('id'),
    ),
    listIds: prepareStatement<Record<never, never>, Pick<VmRow, 'id'>>(() =>
      db.selectFrom('vms').select('id').orderBy('id'),
    ),
    listIdsOf: prepareStatement<Pick<VmRow, 'driver'>, Pick<VmRow, 'id'>>((place) =>
      db.selectFrom('vms').select('id').where('driver', '=', place('driver')).orderBy('id'),
    ),
    list: ({ limit, offset, after, ...which }: Parameters<VmTable['list']>[0]) => {
      let query = db
        .selectFrom('vms')
        .selectAll()
        .where((of) => meant(of, which))
        .orderBy('id')
        .limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (offset !== undefined) query = query.offset(offset);
      return query.compile();
    },
    count: (which: Parameters<VmTable['count']>[0]) =>
      db
        .selectFrom('vms')
        .select(({ fn }) => fn.countAll<number>().as('vm_count'))
        .where((of) => meant(of, which))
        .compile(),
  };
}

/** No VM is one of none, in none of the phases, or by none of the drivers. */
function isNothing({ ids, phases, drivers }: Parameters<VmTable['count']>[0]): boolean {
  return ids?.length === 0 || phases?.length === 0 || drivers?.length === 0;
}

function meant(
  of: ExpressionBuilder<Schema, 'vms'>,
  { ids, phases, name, owner, isAutoSuspended, drivers, search }: Parameters<VmTable['count']>[0],
) {
  // A `like` of its own rules: what is looked for means itself.
  const pattern = `%${(search ?? '').toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;
  const contains = (column: 'id' | 'name') => sql<SqlBool>`lower(${of.ref(column)}) like ${pattern} escape '\\'`;
  return of.and([
    ...(ids === undefined ? [] : [of('id', 'in', ids)]),
    ...(name === undefined ? [] : [of('name', '=', name)]),
    ...(phases === undefined ? [] : [of('phase', 'in', phases)]),
    ...(isAutoSuspended === true ? [of('auto_suspend', 'is not', null)] : []),
    ...(owner === undefined ? [] : [of('owner', '=', owner)]),
    ...(drivers === undefined ? [] : [of('driver', 'in', drivers)]),
    ...(search === undefined ? [] : [of.or([contains('name'), contains('id')])]),
  ]);
}

/** The table over one connection. `changeCount` is the store's matter; `onChange` is told of every write. */
function createVmTable(
  connection: Connection,
  statements: VmStatements,
  { changeCount, onChange }: { readonly changeCount: () => number | null; readonly onChange: () => void },
): VmTable {
  return {
    async insert(vm) {
      onChange();
      const { changedRows } = await connection.execute(statements.insert(encodeVm(vm)));
      if (changedRows === 0) throw nameTaken(vm.name);
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeVm(rows[0]);
    },
    async getByName(name) {
      const { rows } = await connection.execute(statements.getByName({ name }));
      return rows[0] === undefined ? null : decodeVm(rows[0]);
    },
    async list(request) {
      if (isNothing(request)) return [];
      const { rows } = await connection.execute(statements.list(request));
      return rows.map(decodeVm);
    },
    async count(which) {
      if (isNothing(which)) return 0;
      const { rows } = await connection.execute(statements.count(which));
      return Number(rows[0]?.vm_count ?? 0);
    },
    async listIds(driver) {
      const { rows } = await connection.execute(
        driver === undefined ? statements.listIds({}) : statements.listIdsOf({ driver }),
      );
      return rows.map(decodeVmId);
    },
    async update(vm) {
      onChange();
      const read_revision = vm.revision - 1;
      const update = statements.update({ ...encodeVm(vm), read_revision });
      const { changedRows } = await connection.execute(update).catch((error: unknown) => {
        // The name is all that is unique besides the id, which this statement finds the row by.
        throw isConstraint(error) ? nameTaken(vm.name, error) : error;
      });
      if (changedRows === 0) throw revisionConflict('vm', vm.id, read_revision);
    },
    async delete(id, revision) {
      onChange();
      const { changedRows } = await connection.execute(statements.delete({ id, revision }));
      if (changedRows === 0) throw revisionConflict('vm', id, revision);
    },
    async promised() {
      const { rows } = await connection.execute(statements.promised({}));
      const [sums] = rows;
      return {
        vmCount: Number(sums?.vm_count ?? 0),
        poweredCount: Number(sums?.powered_count ?? 0) + Number(sums?.going_count ?? 0),
        memoryMib: Number(sums?.memory_mib ?? 0) + Number(sums?.going_mib ?? 0),
        diskGib: Number(sums?.disk_gib ?? 0) + Number(sums?.volume_gib ?? 0),
      };
    },
    async usageOf(owner) {
      const { rows } = await connection.execute(statements.usageOf({ owner }));
      const [sums] = rows;
      return {
        vms: Number(sums?.vm_count ?? 0),
        diskGib: Number(sums?.disk_gib ?? 0),
        vcpus: Number(sums?.vcpu_count ?? 0),
        memoryMib: Number(sums?.memory_mib ?? 0),
      };
    },
    async listPendingFrom(snapshotId, limit) {
      const { rows } = await connection.execute(statements.listPendingFrom({ snapshot_id: snapshotId, limit }));
      return rows.map(decodeVm);
    },
    async listGiven(secretId, limit) {
      const { rows } = await connection.execute(statements.listGiven({ pattern: `%"${secretId}"%`, limit }));
      return rows.map(decodeVm);
    },
    async listMadeFrom({ name, version }, limit) {
      const { rows } = await connection.execute(statements.listMadeFrom({ template_name: name }));
      const made = rows.map(decodeVm);
      return made.filter(({ spec }) => version === null || spec.template?.version === version).slice(0, limit);
    },
    async listExpiries() {
      const { rows } = await connection.execute(statements.listExpiries({}));
      return rows.map(decodeVm);
    },
    changeCount,
  };
}

function prepareUsageOf(db: Kysely<Schema>) {
  const powered = [sql.lit('running'), sql.lit('paused')];
  type Sums = Record<'vm_count' | 'vcpu_count' | 'memory_mib' | 'disk_gib', number | null>;
  return prepareStatement<Pick<VmRow, 'owner'>, Sums>((place) =>
    db
      .selectFrom('vms')
      .where('owner', '=', place('owner'))
      .select(({ fn }) => [
        fn.countAll<number>().as('vm_count'),
        fn.sum<number | null>('disk_gib').as('disk_gib'),
        fn.sum<number | null>('vcpu_count').filterWhere('desired_power', 'in', powered).as('vcpu_count'),
        fn.sum<number | null>('memory_mib').filterWhere('desired_power', 'in', powered).as('memory_mib'),
      ]),
  );
}

/** Sums come as null over no rows; a filter, not a condition, since disks are promised to stopped VMs too. */
function preparePromised(db: Kysely<Schema>) {
  const powered = [sql.lit('running'), sql.lit('paused')];
  type Sum = 'vm_count' | 'powered_count' | 'memory_mib' | 'disk_gib' | 'volume_gib' | 'going_count' | 'going_mib';
  type Sums = Record<Sum, number | null>;
  return prepareStatement<Record<never, never>, Sums>(() =>
    db.selectFrom('vms').select(({ fn }) => [
      fn.countAll<number>().as('vm_count'),
      fn.countAll<number>().filterWhere('desired_power', 'in', powered).as('powered_count'),
      fn.sum<number | null>('memory_mib').filterWhere('desired_power', 'in', powered).as('memory_mib'),
      fn.sum<number | null>('disk_gib').as('disk_gib'),
      volumeGib(db).as('volume_gib'),
      going(db)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as('going_count'),
      going(db)
        .select(({ fn }) => fn.sum<number | null>('memory_mib').as('mib'))
        .as('going_mib'),
    ]),
  );
}

/**
 * Those that are deleted and whose guests are given time before: they have a machine until then, or wake to one. Few, and found by the index; how long that is does not stand in
 * the index that all others are summed up by.
 */
function going(db: Kysely<Schema>) {
  return db.selectFrom('vms').where('desired_power', '=', sql.lit('absent')).where('desired_grace_ms', '>', sql.lit(0));
}

/** Volumes are thin disks like those of VMs, and promised like them. */
function volumeGib(db: Kysely<Schema>) {
  return db
    .selectFrom('volumes')
    .select(({ fn }) => fn.sum<number | null>('size_gib').as('size_gib'))
    .where('state', '<>', sql.lit('failed'));
}

function nameTaken(name: string, cause?: unknown): VolaryError {
  return new VolaryError('already_exists', `There is a VM named ${name} already.`, {
    reason: 'vm.name_taken',
    details: { field: 'name', name },
    cause,
  });
}

function everyColumn(place: Place<VmRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    deployment_id: place('deployment_id'),
    deployment_index: place('deployment_index'),
    deployment_revision: place('deployment_revision'),
    image: place('image'),
    vcpu_count: place('vcpu_count'),
    memory_mib: place('memory_mib'),
    disk_gib: place('disk_gib'),
    network: place('network'),
    spec: place('spec'),
    template_name: place('template_name'),
    labels: place('labels'),
    metadata: place('metadata'),
    secrets: place('secrets'),
    desired_power: place('desired_power'),
    desired_incarnation: place('desired_incarnation'),
    desired_grace_ms: place('desired_grace_ms'),
    origin_snapshot_id: place('origin_snapshot_id'),
    origin_incarnation: place('origin_incarnation'),
    origin_disk: place('origin_disk'),
    warm_start: place('warm_start'),
    phase: place('phase'),
    phase_since: place('phase_since'),
    phase_operation_id: place('phase_operation_id'),
    phase_deadline_at: place('phase_deadline_at'),
    failure: place('failure'),
    health: place('health'),
    restart_policy: place('restart_policy'),
    restart_count: place('restart_count'),
    restart_at: place('restart_at'),
    suspension: place('suspension'),
    auto_suspend: place('auto_suspend'),
    auto_wake: place('auto_wake'),
    workload_status: place('workload_status'),
    cloud_init_status: place('cloud_init_status'),
    expires_at: place('expires_at'),
    expiry_told_at: place('expiry_told_at'),
    driver: place('driver'),
    host_id: place('host_id'),
    handle: place('handle'),
    machine: place('machine'),
    image_digest: place('image_digest'),
    incarnation: place('incarnation'),
    generation: place('generation'),
    revision: place('revision'),
    pid: place('pid'),
    ip: place('ip'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    started_at: place('started_at'),
  };
}
