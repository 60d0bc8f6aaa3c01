import type { Kysely } from 'kysely';
import type { SettingTable } from '../../../../ports/tables/setting-table.ts';
import { damagedRow } from '../codecs/damaged-row.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { SettingRow } from '../rows/setting-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const SETTING_TABLE = defineTable({
  statements: createSettingStatements,
  table: createSettingTable,
  methods: {
    get: 'reads',
    getOrInsert: 'writes',
  },
});

/** The queries on settings, compiled; one set serves all connections. */
type SettingStatements = ReturnType<typeof createSettingStatements>;

function createSettingStatements(db: Kysely<Schema>) {
  return {
    get: prepareStatement<Pick<SettingRow, 'name'>, SettingRow>((place) =>
      db.selectFrom('settings').selectAll().where('name', '=', place('name')),
    ),
    insert: prepareStatement<SettingRow, unknown>((place) =>
      db
        .insertInto('settings')
        .values({ name: place('name'), value: place('value') })
        .onConflict((conflict) => conflict.column('name').doNothing()),
    ),
  };
}

/** The table over one connection. */
function createSettingTable(connection: Connection, statements: SettingStatements): SettingTable {
  async function get(name: string): Promise<string | null> {
    const { rows } = await connection.execute(statements.get({ name }));
    return rows[0]?.value ?? null;
  }

  return {
    get,
    async getOrInsert(name, value) {
      await connection.execute(statements.insert({ name, value }));
      const stored = await get(name);
      if (stored === null) throw damagedRow({ what: 'setting', id: name }, 'value');
      return stored;
    },
  };
}
