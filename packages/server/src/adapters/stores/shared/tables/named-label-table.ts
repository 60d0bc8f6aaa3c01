import type { Kysely } from 'kysely';
import type { NamedLabelTable } from '../../../../ports/tables/named-label-table.ts';
import { readRow } from '../codecs/damaged-row.ts';
import * as read from '../codecs/read-value.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { NamedLabelRow } from '../rows/named-label-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const NAMED_LABEL_TABLE = defineTable({
  statements: createNamedLabelStatements,
  table: createNamedLabelTable,
  methods: {
    put: 'writes',
    list: 'reads',
  },
});

/** The queries on labels of what is named, compiled; one set serves all connections. */
type NamedLabelStatements = ReturnType<typeof createNamedLabelStatements>;

function createNamedLabelStatements(db: Kysely<Schema>) {
  return {
    put: prepareStatement<NamedLabelRow, unknown>((place) =>
      db
        .insertInto('named_labels')
        .values({ kind: place('kind'), name: place('name'), labels: place('labels') })
        .onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet({ labels: place('labels') })),
    ),
    delete: prepareStatement<Pick<NamedLabelRow, 'kind' | 'name'>, unknown>((place) =>
      db.deleteFrom('named_labels').where('kind', '=', place('kind')).where('name', '=', place('name')),
    ),
    list: prepareStatement<Pick<NamedLabelRow, 'kind'>, NamedLabelRow>((place) =>
      db.selectFrom('named_labels').selectAll().where('kind', '=', place('kind')).orderBy('name'),
    ),
  };
}

/** The table over one connection. */
function createNamedLabelTable(connection: Connection, statements: NamedLabelStatements): NamedLabelTable {
  return {
    async put(kind, name, labels) {
      const isEmpty = Object.keys(labels).length === 0;
      if (isEmpty) await connection.execute(statements.delete({ kind, name }));
      else await connection.execute(statements.put({ kind, name, labels: JSON.stringify(labels) }));
    },
    async list(kind) {
      const { rows } = await connection.execute(statements.list({ kind }));
      return new Map(rows.map(decodeRow));
    },
  };
}

function decodeRow(row: NamedLabelRow) {
  const labels = readRow({ what: `labels of ${row.kind}`, id: row.name }, () => readLabels(row.labels, 'labels'));
  return [row.name, labels] as const;
}

const readLabels = read.json(read.record(read.text));
