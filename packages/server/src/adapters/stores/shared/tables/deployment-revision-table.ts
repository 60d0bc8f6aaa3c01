import type { Kysely } from 'kysely';
import type { DeploymentTable } from '../../../../ports/tables/deployment-table.ts';
import { decodeDeploymentRevision, encodeDeploymentRevision } from '../codecs/deployment-codec.ts';
import type { Connection } from '../connection.ts';
import type { DeploymentRevisionRow } from '../rows/deployment-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

type Key = Pick<DeploymentRevisionRow, 'deployment_id' | 'number'>;

/** The queries on what replicas are made from. */
export function createRevisionStatements(db: Kysely<Schema>) {
  return {
    insertRevision: prepareStatement<DeploymentRevisionRow, unknown>((place) =>
      db.insertInto('deployment_revisions').values({
        deployment_id: place('deployment_id'),
        number: place('number'),
        at: place('at'),
        author: place('author'),
        cause: place('cause'),
        template_name: place('template_name'),
        content: place('content'),
      }),
    ),
    getRevision: prepareStatement<Key, DeploymentRevisionRow>((place) =>
      db
        .selectFrom('deployment_revisions')
        .selectAll()
        .where('deployment_id', '=', place('deployment_id'))
        .where('number', '=', place('number')),
    ),
    listRevisions: prepareStatement<Key & { readonly limit: number }, DeploymentRevisionRow>((place) =>
      db
        .selectFrom('deployment_revisions')
        .selectAll()
        .where('deployment_id', '=', place('deployment_id'))
        .where('number', '<', place('number'))
        .orderBy('number', 'desc')
        .limit(place('limit')),
    ),
    latestRevision: prepareStatement<Pick<Key, 'deployment_id'>, { readonly number: number | null }>((place) =>
      db
        .selectFrom('deployment_revisions')
        .select(({ fn }) => fn.max('number').as('number'))
        .where('deployment_id', '=', place('deployment_id')),
    ),
    deleteRevisions: prepareStatement<Pick<Key, 'deployment_id'>, unknown>((place) =>
      db.deleteFrom('deployment_revisions').where('deployment_id', '=', place('deployment_id')),
    ),
    dropRevisions: (id: string, { upTo, but }: { readonly upTo: number; readonly but: readonly number[] }) =>
      db
        .deleteFrom('deployment_revisions')
        .where('deployment_id', '=', id)
        .where('number', '<=', upTo)
        // Of an empty list databases think differently.
        .where('number', 'not in', [0, ...but])
        .compile(),
    listMadeFrom: prepareStatement<
      { readonly template_name: string },
      DeploymentRevisionRow & { readonly deployment_name: string }
    >((place) =>
      db
        .selectFrom('deployment_revisions')
        .innerJoin('deployments', 'deployments.id', 'deployment_revisions.deployment_id')
        .selectAll('deployment_revisions')
        .select('deployments.name as deployment_name')
        .where('template_name', '=', place('template_name'))
        .orderBy('deployment_id')
        .orderBy('number'),
    ),
  };
}

type RevisionTable = Pick<
  DeploymentTable,
  'insertRevision' | 'getRevision' | 'listRevisions' | 'latestRevision' | 'dropRevisions' | 'listMadeFrom'
>;

/** That part of the table over one connection. */
export function createRevisionTable(
  connection: Connection,
  statements: ReturnType<typeof createRevisionStatements>,
): RevisionTable {
  return {
    async insertRevision(revision) {
      await connection.execute(statements.insertRevision(encodeDeploymentRevision(revision)));
    },
    async getRevision(id, number) {
      const { rows } = await connection.execute(statements.getRevision({ deployment_id: id, number }));
      return rows[0] === undefined ? null : decodeDeploymentRevision(rows[0]);
    },
    async listRevisions(id, { limit, after }) {
      const number = after ?? Number.MAX_SAFE_INTEGER;
      const { rows } = await connection.execute(statements.listRevisions({ deployment_id: id, number, limit }));
      return rows.map(decodeDeploymentRevision);
    },
    async latestRevision(id) {
      const { rows } = await connection.execute(statements.latestRevision({ deployment_id: id }));
      return Number(rows[0]?.number ?? 0);
    },
    async dropRevisions(id, which) {
      await connection.execute(statements.dropRevisions(id, which));
    },
    async listMadeFrom({ name, version }, limit) {
      const { rows } = await connection.execute(statements.listMadeFrom({ template_name: name }));
      const meant = rows.filter((row) => {
        const { spec } = decodeDeploymentRevision(row).content;
        return version === null || spec.template?.version === version;
      });
      return [...new Set(meant.map((row) => row.deployment_name))].slice(0, limit);
    },
  };
}
