import type { Kysely } from 'kysely';
import type { AuditTable } from '../../../../ports/tables/audit-table.ts';
import { decodeAuditEntry, encodeAuditEntry } from '../codecs/audit-codec.ts';
import { damagedRow } from '../codecs/damaged-row.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { AuditCounterRow, AuditRow } from '../rows/audit-row.ts';
import type { Schema } from '../schema.ts';
import { type Place, prepareStatement } from '../statement.ts';

export const AUDIT_TABLE = defineTable({
  statements: createAuditStatements,
  table: createAuditTable,
  methods: {
    append: 'writes',
    list: 'reads',
    deleteOld: 'writes',
  },
});

/** The queries on the audit, compiled; one set serves all connections. */
type AuditStatements = ReturnType<typeof createAuditStatements>;

function createAuditStatements(db: Kysely<Schema>) {
  return {
    /** A counter in a row of its own, for the reasons that events have one. */
    takeSequences: prepareStatement<{ readonly taken: number }, AuditCounterRow>((place) =>
      db
        .updateTable('audit_counter')
        .set(({ eb }) => ({ last_sequence: eb('last_sequence', '+', place('taken')) }))
        .returning('last_sequence'),
    ),
    insert: prepareStatement<AuditRow, unknown>((place) => db.insertInto('audit').values(everyColumn(place))),
    oldest: prepareStatement<{ readonly limit: number }, Pick<AuditRow, 'sequence' | 'at'>>((place) =>
      db.selectFrom('audit').select(['sequence', 'at']).orderBy('sequence').limit(place('limit')),
    ),
    dropUpTo: prepareStatement<{ readonly last: number }, unknown>((place) =>
      db.deleteFrom('audit').where('sequence', '<=', place('last')),
    ),
    list: (page: Parameters<AuditTable['list']>[0]) => {
      const { limit, after, order, principal, action, target, result, since, until } = page;
      const isForward = order === 'oldest-first';
      let query = db
        .selectFrom('audit')
        .selectAll()
        .orderBy('sequence', isForward ? 'asc' : 'desc')
        .limit(limit);
      if (after !== null) query = query.where('sequence', isForward ? '>' : '<', after);
      if (principal !== undefined) query = query.where('principal', '=', principal);
      if (action !== undefined) query = query.where('action', '=', action);
      if (target !== undefined)
        query =
          'id' in target ? query.where('target_id', '=', target.id) : query.where('target_name', '=', target.name);
      if (result !== undefined) query = query.where('result', '=', result);
      if (since !== undefined) query = query.where('at', '>=', since);
      if (until !== undefined) query = query.where('at', '<', until);
      return query.compile();
    },
  };
}

/** The table over one connection. */
function createAuditTable(connection: Connection, statements: AuditStatements): AuditTable {
  return {
    async append(entries) {
      if (entries.length === 0) return;
      const { rows } = await connection.execute(statements.takeSequences({ taken: entries.length }));
      const last = rows[0]?.last_sequence;
      if (last === undefined) throw damagedRow({ what: 'audit counter', id: 1 }, 'last_sequence');
      let sequence = last - entries.length;
      for (const entry of entries) {
        sequence += 1;
        await connection.execute(statements.insert(encodeAuditEntry(entry, sequence)));
      }
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeAuditEntry);
    },
    async deleteOld({ before, limit }) {
      const { rows } = await connection.execute(statements.oldest({ limit }));
      // From the beginning up to the first that stays: a clock that was set back leaves no hole.
      const kept = rows.findIndex(({ at }) => at >= before);
      const dropped = kept === -1 ? rows : rows.slice(0, kept);
      const end = dropped.at(-1);
      if (end !== undefined) await connection.execute(statements.dropUpTo({ last: end.sequence }));
      return dropped.length;
    },
  };
}

function everyColumn(place: Place<AuditRow>) {
  return {
    sequence: place('sequence'),
    at: place('at'),
    principal: place('principal'),
    credential_kind: place('credential_kind'),
    credential_id: place('credential_id'),
    address: place('address'),
    request_id: place('request_id'),
    action: place('action'),
    target_kind: place('target_kind'),
    target_id: place('target_id'),
    target_name: place('target_name'),
    result: place('result'),
    reason: place('reason'),
    details: place('details'),
  };
}
