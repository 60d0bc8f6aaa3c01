import { type Kysely, sql } from 'kysely';
import type { ReplicaVm } from '../../../../domain/deployment/replica.ts';
import { VolaryError } from '../../../../domain/errors.ts';
import type { DeploymentTable } from '../../../../ports/tables/deployment-table.ts';
import { decodeDeployment, encodeDeployment } from '../codecs/deployment-codec.ts';
import { decodeReplicaVm, type ReplicaVmRow } from '../codecs/replica-vm-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { DeploymentRow } from '../rows/deployment-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { createRevisionStatements, createRevisionTable } from './deployment-revision-table.ts';
import { namedRows } from './named-rows.ts';

export const DEPLOYMENT_TABLE = defineTable({
  statements: createDeploymentStatements,
  table: createDeploymentTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByName: 'reads',
    list: 'reads',
    update: 'writes',
    delete: 'writes',
    listReplicas: 'reads',
    insertRevision: 'writes',
    getRevision: 'reads',
    listRevisions: 'reads',
    latestRevision: 'reads',
    dropRevisions: 'writes',
    listMadeFrom: 'reads',
    listGiven: 'reads',
  },
});

/** The queries on deployments, compiled; one set serves all connections. */
type DeploymentStatements = ReturnType<typeof createDeploymentStatements>;

function createDeploymentStatements(db: Kysely<Schema>) {
  return {
    ...createRevisionStatements(db),
    insert: prepareStatement<DeploymentRow, unknown>((place) =>
      db
        .insertInto('deployments')
        .values(everyColumn(place))
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
    update: prepareStatement<DeploymentRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('deployments')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    delete: prepareStatement<Pick<DeploymentRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('deployments').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<DeploymentRow, 'id'>, DeploymentRow>((place) =>
      db.selectFrom('deployments').selectAll().where('id', '=', place('id')),
    ),
    getByName: prepareStatement<Pick<DeploymentRow, 'name'>, DeploymentRow>((place) =>
      db.selectFrom('deployments').selectAll().where('name', '=', place('name')),
    ),
    listReplicas: prepareStatement<{ readonly deployment_id: string }, ReplicaVmRow>((place) =>
      db
        .selectFrom('vms')
        .select([
          ...(['id', 'name', 'deployment_index', 'deployment_revision', 'desired_power', 'health'] as const),
          ...(['phase', 'phase_since', 'phase_operation_id', 'phase_deadline_at', 'failure'] as const),
          ...(['restart_count', 'restart_at', 'generation'] as const),
        ])
        // As the index says it: else a database does not see that it will do.
        .where('deployment_id', 'is not', null)
        .where('deployment_id', '=', place('deployment_id'))
        .orderBy('deployment_index')
        .orderBy('id'),
    ),
    list: ({ limit, after, owner }: Parameters<DeploymentTable['list']>[0]) => {
      let query = db.selectFrom('deployments').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
    listGiven: (pattern: string, limit: number) =>
      db
        .selectFrom('deployments')
        .select('name')
        .where(
          'id',
          'in',
          db.selectFrom('deployment_revisions').select('deployment_id').where('content', 'like', sql.val(pattern)),
        )
        .orderBy('id')
        .limit(limit)
        .compile(),
  };
}

/** The table over one connection. */
function createDeploymentTable(connection: Connection, statements: DeploymentStatements): DeploymentTable {
  const rows = namedRows(connection, statements, {
    what: 'deployment',
    encode: encodeDeployment,
    decode: decodeDeployment,
    nameTaken,
  });
  return {
    ...rows,
    ...createRevisionTable(connection, statements),
    async delete(id, revision) {
      await rows.delete(id, revision);
      await connection.execute(statements.deleteRevisions({ deployment_id: id }));
    },
    async listReplicas(id): Promise<readonly ReplicaVm[]> {
      const { rows } = await connection.execute(statements.listReplicas({ deployment_id: id }));
      return rows.map(decodeReplicaVm);
    },
    async listGiven(secretId, limit) {
      const { rows } = await connection.execute(statements.listGiven(`%"secretId":"${secretId}"%`, limit));
      return rows.map(({ name }) => name);
    },
  };
}

function nameTaken(name: string): VolaryError {
  return new VolaryError('already_exists', `There is a deployment named ${name} already.`, {
    reason: 'deployment.name_taken',
    details: { field: 'name', name },
  });
}

function everyColumn(place: Place<DeploymentRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    description: place('description'),
    labels: place('labels'),
    replicas: place('replicas'),
    strategy: place('strategy'),
    autoscaling: place('autoscaling'),
    is_paused: place('is_paused'),
    is_deleting: place('is_deleting'),
    target: place('target'),
    stable: place('stable'),
    rollout: place('rollout'),
    backoffs: place('backoffs'),
    status: place('status'),
    generation: place('generation'),
    revision: place('revision'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
  };
}
