import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { ExecutionTable } from '../../../../ports/tables/execution-table.ts';
import { decodeExecution, encodeExecution } from '../codecs/execution-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { ExecutionRow } from '../rows/execution-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { createExecutionOutput, createOutputStatements } from './execution-output.ts';

export const EXECUTION_TABLE = defineTable({
  statements: createExecutionStatements,
  table: createExecutionTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    list: 'reads',
    count: 'reads',
    listActive: 'reads',
    update: 'writes',
    appendOutput: 'writes',
    appendNewest: 'writes',
    nextOutput: 'reads',
    readOutput: 'reads',
    outputLengths: 'reads',
    deleteFinished: 'writes',
    deleteOfVm: 'writes',
    countActiveOf: 'reads',
  },
});

/** The queries on executions and their output, compiled; one set serves all connections. */
type ExecutionStatements = ReturnType<typeof createExecutionStatements>;

function createExecutionStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<ExecutionRow, unknown>((place) => db.insertInto('executions').values(everyColumn(place))),
    update: prepareStatement<ExecutionRow, unknown>((place) =>
      db.updateTable('executions').set(everyColumn(place)).where('id', '=', place('id')),
    ),
    get: prepareStatement<Pick<ExecutionRow, 'id'>, ExecutionRow>((place) =>
      db.selectFrom('executions').selectAll().where('id', '=', place('id')),
    ),
    // The states stand in the text, since that is how a database sees that its index on active ones will do.
    listActive: prepareStatement<Record<never, never>, ExecutionRow>(() =>
      db
        .selectFrom('executions')
        .selectAll()
        .where('state', 'in', [sql.lit('starting'), sql.lit('running')])
        .orderBy('id'),
    ),
    countActiveOf: prepareStatement<Pick<ExecutionRow, 'owner'>, { readonly count: number }>((place) =>
      db
        .selectFrom('executions')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('state', 'in', [sql.lit('starting'), sql.lit('running')])
        .where('is_workload', '=', sql.lit(0))
        .where('owner', '=', place('owner')),
    ),
    list: ({ limit, offset, after, vmId, owner }: Parameters<ExecutionTable['list']>[0]) => {
      let query = db.selectFrom('executions').selectAll().orderBy('id', 'desc').limit(limit);
      if (after !== null) query = query.where('id', '<', after);
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      if (offset !== undefined) query = query.offset(offset);
      return query.compile();
    },
    count: ({ vmId, owner }: Parameters<ExecutionTable['count']>[0]) => {
      let query = db.selectFrom('executions').select(({ fn }) => fn.countAll<number>().as('count'));
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
    // Output goes with its execution, by the foreign key.
    deleteOfVm: prepareStatement<Pick<ExecutionRow, 'vm_id'>, unknown>((place) =>
      db.deleteFrom('executions').where('vm_id', '=', place('vm_id')),
    ),
    deleteFinished: prepareStatement<{ readonly completed_before: number; readonly limit: number }, unknown>((place) =>
      db
        .deleteFrom('executions')
        .where('id', 'in', ({ selectFrom }) =>
          selectFrom('executions as old')
            .select('old.id')
            .where('old.completed_at', '<', place('completed_before'))
            .orderBy('old.completed_at')
            .limit(place('limit')),
        ),
    ),
    output: createOutputStatements(db),
  };
}

/** The table over one connection. */
function createExecutionTable(connection: Connection, statements: ExecutionStatements): ExecutionTable {
  return {
    async insert(execution) {
      await connection.execute(statements.insert(encodeExecution(execution)));
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeExecution(rows[0]);
    },
    async list(request) {
      const { rows } = await connection.execute(statements.list(request));
      return rows.map(decodeExecution);
    },
    async count(which) {
      const { rows } = await connection.execute(statements.count(which));
      return Number(rows[0]?.count ?? 0);
    },
    async listActive(of) {
      const { rows } = await connection.execute(statements.listActive({}));
      return rows.filter((row) => of === undefined || row.vm_id === of.vmId).map(decodeExecution);
    },
    async countActiveOf(owner) {
      const { rows } = await connection.execute(statements.countActiveOf({ owner }));
      return Number(rows[0]?.count ?? 0);
    },
    async update(execution) {
      const { changedRows } = await connection.execute(statements.update(encodeExecution(execution)));
      if (changedRows === 0) throw unknownExecution(execution.id);
    },
    async deleteFinished({ completedBefore, limit }) {
      const query = statements.deleteFinished({ completed_before: completedBefore, limit });
      return (await connection.execute(query)).changedRows;
    },
    async deleteOfVm(vmId) {
      return (await connection.execute(statements.deleteOfVm({ vm_id: vmId }))).changedRows;
    },
    ...createExecutionOutput(connection, statements.output, {
      async requireExecution(id) {
        const { rows } = await connection.execute(statements.get({ id }));
        if (rows.length === 0) throw unknownExecution(id);
      },
    }),
  };
}

function unknownExecution(id: string): VolaryError {
  return new VolaryError('not_found', `There is no execution ${id}.`, { reason: 'execution.unknown' });
}

function everyColumn(place: Place<ExecutionRow>) {
  return {
    id: place('id'),
    vm_id: place('vm_id'),
    incarnation: place('incarnation'),
    request: place('request'),
    state: place('state'),
    exit_code: place('exit_code'),
    signal: place('signal'),
    timed_out: place('timed_out'),
    error: place('error'),
    stdout_bytes: place('stdout_bytes'),
    stderr_bytes: place('stderr_bytes'),
    is_truncated: place('is_truncated'),
    is_workload: place('is_workload'),
    principal: place('principal'),
    owner: place('owner'),
    created_at: place('created_at'),
    started_at: place('started_at'),
    completed_at: place('completed_at'),
  };
}
