import { type Kysely, sql } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { TemplateTable } from '../../../../ports/tables/template-table.ts';
import { decodeTemplate, encodeTemplate } from '../codecs/template-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { TemplateRow } from '../rows/template-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';
import { revisionConflict } from './conflicts.ts';

export const TEMPLATE_TABLE = defineTable({
  statements: createTemplateStatements,
  table: createTemplateTable,
  methods: {
    insert: 'writes',
    get: 'reads',
    listVersions: 'reads',
    listNames: 'reads',
    listBuiltIn: 'reads',
    update: 'writes',
    noteUsed: 'writes',
    delete: 'writes',
  },
});

/** The queries on templates, compiled; one set serves all connections. */
type TemplateStatements = ReturnType<typeof createTemplateStatements>;

function createTemplateStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<TemplateRow, unknown>((place) =>
      db
        .insertInto('templates')
        .values({ ...everyColumn(place), last_used_at: place('last_used_at') })
        .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing()),
    ),
    update: prepareStatement<Writable & { readonly read_revision: number }, unknown>((place) =>
      db
        .updateTable('templates')
        .set(everyColumn(place))
        .where('id', '=', place('id'))
        .where('revision', '=', place('read_revision')),
    ),
    noteUsed: prepareStatement<Pick<TemplateRow, 'name' | 'version'> & { readonly used_at: number }, unknown>((place) =>
      db
        .updateTable('templates')
        .set({ last_used_at: place('used_at') })
        .where('name', '=', place('name'))
        .where('version', '=', place('version'))
        .where((is) => is.or([is('last_used_at', 'is', null), is('last_used_at', '<', place('used_at'))])),
    ),
    delete: prepareStatement<Pick<TemplateRow, 'id' | 'revision'>, unknown>((place) =>
      db.deleteFrom('templates').where('id', '=', place('id')).where('revision', '=', place('revision')),
    ),
    get: prepareStatement<Pick<TemplateRow, 'id'>, TemplateRow>((place) =>
      db.selectFrom('templates').selectAll().where('id', '=', place('id')),
    ),
    listVersions: prepareStatement<Pick<TemplateRow, 'name'>, TemplateRow>((place) =>
      db.selectFrom('templates').selectAll().where('name', '=', place('name')).orderBy('id'),
    ),
    listBuiltIn: prepareStatement<Record<never, never>, TemplateRow>(() =>
      db.selectFrom('templates').selectAll().where('is_built_in', '=', sql.lit(1)).orderBy('id'),
    ),
    listNames: ({ limit, after, owner }: Parameters<TemplateTable['listNames']>[0]) => {
      let query = db
        .selectFrom('templates')
        .select('name')
        .distinct()
        .where('state', '=', 'ready')
        .orderBy('name')
        .limit(limit);
      if (after !== null) query = query.where('name', '>', after);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createTemplateTable(connection: Connection, statements: TemplateStatements): TemplateTable {
  return {
    async insert(template) {
      const { changedRows } = await connection.execute(statements.insert(encodeTemplate(template)));
      if (changedRows === 0) throw versionTaken(template);
    },
    async get(id) {
      const { rows } = await connection.execute(statements.get({ id }));
      return rows[0] === undefined ? null : decodeTemplate(rows[0]);
    },
    async listVersions(name) {
      const { rows } = await connection.execute(statements.listVersions({ name }));
      return rows.map(decodeTemplate);
    },
    async listNames(page) {
      const { rows } = await connection.execute(statements.listNames(page));
      return rows.map(({ name }) => name);
    },
    async listBuiltIn() {
      const { rows } = await connection.execute(statements.listBuiltIn({}));
      return rows.map(decodeTemplate);
    },
    async update(template) {
      const read_revision = template.revision - 1;
      const { last_used_at, ...row } = encodeTemplate(template);
      const { changedRows } = await connection.execute(statements.update({ ...row, read_revision }));
      if (changedRows === 0) throw revisionConflict('template', template.id, read_revision);
    },
    async noteUsed({ name, version }, at) {
      await connection.execute(statements.noteUsed({ name, version, used_at: at }));
    },
    async delete(id, revision) {
      const { changedRows } = await connection.execute(statements.delete({ id, revision }));
      if (changedRows === 0) throw revisionConflict('template', id, revision);
    },
  };
}

function versionTaken({ name, version }: { readonly name: string; readonly version: string }): VolaryError {
  return new VolaryError('already_exists', `There is version ${version} of the template ${name} already.`, {
    reason: 'template.exists',
    details: { name, version },
  });
}

/** When it was used is written as it happens. */
type Writable = Omit<TemplateRow, 'last_used_at'>;

function everyColumn(place: Place<Writable>) {
  return {
    id: place('id'),
    name: place('name'),
    version: place('version'),
    description: place('description'),
    content: place('content'),
    state: place('state'),
    operation_id: place('operation_id'),
    is_enabled: place('is_enabled'),
    is_built_in: place('is_built_in'),
    owner: place('owner'),
    created_at: place('created_at'),
    updated_at: place('updated_at'),
    revision: place('revision'),
  };
}
