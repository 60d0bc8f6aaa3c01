import type { Kysely } from 'kysely';
import type { EventTable } from '../../../../ports/tables/event-table.ts';
import { damagedRow } from '../codecs/damaged-row.ts';
import { decodeEvent, encodeEvent } from '../codecs/event-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { EventCounterRow, EventRow } from '../rows/event-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const EVENT_TABLE = defineTable({
  statements: createEventStatements,
  table: createEventTable,
  methods: {
    append: 'writes',
    list: 'reads',
    bounds: 'reads',
    trim: 'writes',
  },
});

/** The queries on events, compiled; one set serves all connections. */
type EventStatements = ReturnType<typeof createEventStatements>;

function createEventStatements(db: Kysely<Schema>) {
  return {
    /**
     * Takes the next sequences. A counter in a row of its own, not a database's sequence: it is rolled back with the
     * transaction, so there are no gaps; whoever writes it holds it until the commit, so sequences are in the order of
     * commits; and it knows the last one also when all events have been trimmed.
     */
    takeSequences: prepareStatement<{ readonly taken: number }, EventCounterRow>((place) =>
      db
        .updateTable('event_counter')
        .set(({ eb }) => ({ last_sequence: eb('last_sequence', '+', place('taken')) }))
        .returning('last_sequence'),
    ),
    insert: prepareStatement<EventRow, unknown>((place) =>
      db.insertInto('events').values({
        sequence: place('sequence'),
        type: place('type'),
        at: place('at'),
        subject: place('subject'),
        vm_id: place('vm_id'),
        operation_id: place('operation_id'),
        owner: place('owner'),
        data: place('data'),
      }),
    ),
    bounds: prepareStatement<Record<never, never>, Bounds>(() =>
      db
        .selectFrom('event_counter')
        .select((counter) => [
          'last_sequence as last',
          counter.selectFrom('events').select('sequence').orderBy('sequence').limit(1).as('first'),
        ]),
    ),
    oldest: prepareStatement<{ readonly limit: number }, Pick<EventRow, 'sequence' | 'at'>>((place) =>
      db.selectFrom('events').select(['sequence', 'at']).orderBy('sequence').limit(place('limit')),
    ),
    dropUpTo: prepareStatement<{ readonly last: number }, unknown>((place) =>
      db.deleteFrom('events').where('sequence', '<=', place('last')),
    ),
    list: ({ after, limit, types, vmId, owner }: Parameters<EventTable['list']>[0]) => {
      let query = db.selectFrom('events').selectAll().where('sequence', '>', after).orderBy('sequence').limit(limit);
      if (types !== undefined) query = query.where('type', 'in', types);
      if (vmId !== undefined) query = query.where('vm_id', '=', vmId);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return query.compile();
    },
  };
}

/** `first` is null over an empty log. */
interface Bounds {
  readonly first: number | null;
  readonly last: number;
}

/** The table over one connection. */
function createEventTable(connection: Connection, statements: EventStatements): EventTable {
  async function bounds(): Promise<{ readonly first: number; readonly last: number }> {
    const { rows } = await connection.execute(statements.bounds({}));
    if (rows[0] === undefined) throw damagedRow({ what: 'event counter', id: 1 }, 'last_sequence');
    const { first, last } = rows[0];
    return { first: first ?? last + 1, last };
  }

  return {
    async append(events) {
      if (events.length === 0) return;
      const { rows } = await connection.execute(statements.takeSequences({ taken: events.length }));
      const last = rows[0]?.last_sequence;
      if (last === undefined) throw damagedRow({ what: 'event counter', id: 1 }, 'last_sequence');
      let sequence = last - events.length;
      for (const event of events) {
        sequence += 1;
        await connection.execute(statements.insert(encodeEvent(event, sequence)));
      }
    },
    async list(request) {
      if (request.types?.length === 0) return [];
      const { rows } = await connection.execute(statements.list(request));
      return rows.map(decodeEvent);
    },
    bounds,
    async trim({ before, keep, limit }) {
      const { last } = await bounds();
      const { rows } = await connection.execute(statements.oldest({ limit }));
      // From the beginning up to the first that stays: a clock that was set back leaves no hole.
      const kept = rows.findIndex(({ sequence, at }) => at >= before && sequence > last - keep);
      const dropped = kept === -1 ? rows : rows.slice(0, kept);
      const end = dropped.at(-1);
      if (end !== undefined) await connection.execute(statements.dropUpTo({ last: end.sequence }));
      return dropped.length;
    },
  };
}
