import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { Workspace } from '../../../../domain/workspace/workspace.ts';
import type { WorkspaceTable } from '../../../../ports/tables/workspace-table.ts';
import { decodeWorkspace, encodeWorkspace } from '../codecs/workspace-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { WorkspaceRow } from '../rows/workspace-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { isConstraint, revisionConflict } from './conflicts.ts';

export const WORKSPACE_TABLE = defineTable({
  statements: createWorkspaceStatements,
  table: createWorkspaceTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    getByVm: 'reads',
    listByName: 'reads',
    list: 'reads',
    listPending: 'reads',
    update: 'writes',
    deleteOfVm: 'writes',
  },
});

/** The queries on workspaces, compiled; one set serves all connections. */
type WorkspaceStatements = ReturnType<typeof createWorkspaceStatements>;

function createWorkspaceStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<WorkspaceRow, unknown>((place) => db.insertInto('workspaces').values(everyColumn(place))),
    update: prepareStatement<WorkspaceRow & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('workspaces')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    deleteOfVm: prepareStatement<Pick<WorkspaceRow, 'vm_id'>, unknown>((place) =>
      db.deleteFrom('workspaces').where('vm_id', '=', place('vm_id')),
    ),
    get: prepareStatement<Pick<WorkspaceRow, 'id'>, WorkspaceRow>((place) =>
      db.selectFrom('workspaces').selectAll().where('id', '=', place('id')),
    ),
    getByVm: prepareStatement<Pick<WorkspaceRow, 'vm_id'>, WorkspaceRow>((place) =>
      db.selectFrom('workspaces').selectAll().where('vm_id', '=', place('vm_id')),
    ),
    listByName: (name: string, { owner, limit }: Parameters<WorkspaceTable['listByName']>[1]) => {
      let query = db.selectFrom('workspaces').selectAll().where('name', '=', name);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.orderBy('is_deleting').orderBy('id', 'desc').limit(limit).compile();
    },
    list: ({ limit, after, owner }: Parameters<WorkspaceTable['list']>[0]) => {
      let query = db.selectFrom('workspaces').selectAll().orderBy('id').limit(limit);
      if (after !== null) query = query.where('id', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
    listPending: ({ limit, after }: Parameters<WorkspaceTable['listPending']>[0]) => {
      // As the index says it: else a database does not see that it will do.
      const pending = db.selectFrom('workspaces').selectAll().where('setup_state', '=', sql.lit('pending'));
      const query = pending.orderBy('id').limit(limit);
      return (after === null ? query : query.where('id', '>', after)).compile();
    },
  };
}

/** The table over one connection. */
function createWorkspaceTable(connection: Connection, statements: WorkspaceStatements): WorkspaceTable {
  const first = async (found: Promise<{ readonly rows: readonly WorkspaceRow[] }>): Promise<Workspace | null> => {
    const row = (await found).rows[0];
    return row === undefined ? null : decodeWorkspace(row);
  };
  return {
    async insert(workspace) {
      try {
        await connection.execute(statements.insert(encodeWorkspace(workspace)));
      } catch (error) {
        throw isConstraint(error) ? nameTaken(workspace.name, error) : error;
      }
    },
    get: (id) => first(connection.execute(statements.get({ id }))),
    getByVm: (vmId) => first(connection.execute(statements.getByVm({ vm_id: vmId }))),
    async listByName(name, which) {
      return (await connection.execute(statements.listByName(name, which))).rows.map(decodeWorkspace);
    },
    async list(page) {
      return (await connection.execute(statements.list(page))).rows.map(decodeWorkspace);
    },
    async listPending(page) {
      return (await connection.execute(statements.listPending(page))).rows.map(decodeWorkspace);
    },
    async update(workspace) {
      const read_revision = workspace.revision - 1;
      const row = { ...encodeWorkspace(workspace), read_revision };
      const { changedRows } = await connection.execute(statements.update(row));
      if (changedRows === 0) throw revisionConflict('workspace', workspace.id, read_revision);
    },
    async deleteOfVm(vmId) {
      await connection.execute(statements.deleteOfVm({ vm_id: vmId }));
    },
  };
}

/** Of its keys only the name is chosen by anybody. */
function nameTaken(name: string, cause: unknown): VolaryError {
  return new VolaryError('already_exists', `You have a workspace named ${name} already.`, {
    reason: 'workspace.name_taken',
    details: { field: 'name', name },
    cause,
  });
}

function everyColumn(place: Place<WorkspaceRow>) {
  return {
    id: place('id'),
    name: place('name'),
    owner: place('owner'),
    vm_id: place('vm_id'),
    labels: place('labels'),
    metadata: place('metadata'),
    ttl_seconds: place('ttl_seconds'),
    repository: place('repository'),
    setup_state: place('setup_state'),
    setup_message: place('setup_message'),
    setup_steps: place('setup_steps'),
    is_deleting: place('is_deleting'),
    generation: place('generation'),
    revision: place('revision'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
  };
}
