/**
 * Kept output: of each stream a row of pieces that follow each other from offset 0 on without a gap; of a workload's, the newest
 * of them, where gaps may be. The key holds where a
 * piece begins, so the piece that an offset lies in, and the last of a stream, are each one step into the index.
 */
import type { Kysely } from 'kysely';
import { VolaryError } from '../../../../domain/errors.ts';
import type { OutputStream } from '../../../../domain/execution/execution.ts';
import type { ExecutionId } from '../../../../domain/ids.ts';
import type { ExecutionTable } from '../../../../ports/tables/execution-table.ts';
import { damagedRow } from '../codecs/damaged-row.ts';
import type { Connection } from '../connection.ts';
import type { ExecutionOutputRow } from '../rows/execution-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

/** A larger chunk is stored in pieces of this size, bytes: whoever reads a little of it need not load it all. */
const PIECE_BYTES = 256 * 1024;

type StreamKey = Pick<ExecutionOutputRow, 'execution_id' | 'stream'>;
type ReadKey = StreamKey & { readonly from: number; readonly to: number };
type Piece = Pick<ExecutionOutputRow, 'start_offset' | 'end_offset' | 'bytes'>;
type OutputMethods = Pick<
  ExecutionTable,
  'appendOutput' | 'appendNewest' | 'nextOutput' | 'readOutput' | 'outputLengths'
>;

/** The queries on kept output, compiled. */
export function createOutputStatements(db: Kysely<Schema>) {
  return {
    insert: prepareStatement<ExecutionOutputRow, unknown>((place) =>
      db.insertInto('execution_output').values({
        execution_id: place('execution_id'),
        stream: place('stream'),
        start_offset: place('start_offset'),
        end_offset: place('end_offset'),
        bytes: place('bytes'),
      }),
    ),
    end: prepareStatement<StreamKey, Pick<ExecutionOutputRow, 'end_offset'>>((place) =>
      db
        .selectFrom('execution_output')
        .select('end_offset')
        .where('execution_id', '=', place('execution_id'))
        .where('stream', '=', place('stream'))
        .orderBy('start_offset', 'desc')
        .limit(1),
    ),
    drop: prepareStatement<StreamKey & { readonly before: number }, unknown>((place) =>
      db
        .deleteFrom('execution_output')
        .where('execution_id', '=', place('execution_id'))
        .where('stream', '=', place('stream'))
        // As the index has it: what is kept is not looked at.
        .where('start_offset', '<', place('before'))
        .where('end_offset', '<=', place('before')),
    ),
    // By where pieces begin alone: by where they end, all that is kept would be looked at.
    after: prepareStatement<StreamKey & { readonly from: number }, Pick<ExecutionOutputRow, 'start_offset'>>((place) =>
      db
        .selectFrom('execution_output')
        .select('start_offset')
        .where('execution_id', '=', place('execution_id'))
        .where('stream', '=', place('stream'))
        .where('start_offset', '>', place('from'))
        .orderBy('start_offset')
        .limit(1),
    ),
    read: prepareStatement<ReadKey, Piece>((place) => {
      const own = db
        .selectFrom('execution_output')
        .where('execution_id', '=', place('execution_id'))
        .where('stream', '=', place('stream'));
      const first = own
        .select('start_offset')
        .where('start_offset', '<=', place('from'))
        .orderBy('start_offset', 'desc')
        .limit(1);
      return own
        .select(['start_offset', 'end_offset', 'bytes'])
        .where('start_offset', '>=', first)
        .where('start_offset', '<', place('to'))
        .where('end_offset', '>', place('from'))
        .orderBy('start_offset');
    }),
  };
}

/** The methods on output. `requireExecution` throws `not_found` execution.unknown if there is none with this id. */
export function createExecutionOutput(
  connection: Connection,
  statements: ReturnType<typeof createOutputStatements>,
  { requireExecution }: { readonly requireExecution: (id: ExecutionId) => Promise<void> },
): OutputMethods {
  async function keptLength(key: StreamKey): Promise<number> {
    const { rows } = await connection.execute(statements.end(key));
    return rows[0]?.end_offset ?? 0;
  }

  /** Writes what of the chunk lies at or after `from`. */
  async function insert(key: StreamKey, from: number, offset: number, bytes: Uint8Array): Promise<void> {
    for (let start = from; start < offset + bytes.length; start += PIECE_BYTES) {
      const piece = bytes.subarray(start - offset, start - offset + PIECE_BYTES);
      const end_offset = start + piece.length;
      await connection.execute(statements.insert({ ...key, start_offset: start, end_offset, bytes: piece }));
    }
  }

  /** The pieces from this offset on, until the first gap: none where it lies in one. */
  async function piecesFrom(key: StreamKey, from: number, limitBytes: number): Promise<readonly Piece[]> {
    const { rows } = await connection.execute(statements.read({ ...key, from, to: from + limitBytes }));
    const gap = rows.findIndex(({ start_offset }, at) => start_offset > (rows[at - 1]?.end_offset ?? from));
    return gap < 0 ? rows : rows.slice(0, gap);
  }

  /** Where the first piece begins that lies at or after this offset; null: there is none. */
  async function startFrom(key: StreamKey, offset: number): Promise<number | null> {
    const { rows } = await connection.execute(statements.after({ ...key, from: offset - 1 }));
    return rows[0]?.start_offset ?? null;
  }

  return {
    async appendOutput(id, stream, offset, bytes) {
      const key = { execution_id: id, stream };
      const kept = await keptLength(key);
      if (kept === 0) await requireExecution(id);
      if (offset > kept) throw outputGap(id, stream, kept, offset);
      await insert(key, kept, offset, bytes);
    },
    async appendNewest(id, stream, { offset, bytes, keepFrom }) {
      const key = { execution_id: id, stream };
      const kept = await keptLength(key);
      if (kept === 0) await requireExecution(id);
      await insert(key, Math.max(kept, offset), offset, bytes);
      await connection.execute(statements.drop({ ...key, before: keepFrom }));
    },
    async nextOutput(id, stream, offset, limitBytes) {
      const key = { execution_id: id, stream };
      let from = offset;
      let pieces = await piecesFrom(key, from, limitBytes);
      if (pieces.length === 0) {
        from = (await startFrom(key, offset)) ?? offset;
        if (from > offset) pieces = await piecesFrom(key, from, limitBytes);
      }
      const to = from + limitBytes;
      const end = pieces.at(-1)?.end_offset ?? to;
      // A piece that begins right at the end may have come since the others were read: it is no gap.
      const isBeforeGap = end < to && ((await startFrom(key, end)) ?? end) > end;
      return { offset: from, bytes: join(pieces, { id, from, to }), isBeforeGap };
    },
    async readOutput(id, stream, offset, limitBytes) {
      const to = offset + limitBytes;
      const query = statements.read({ execution_id: id, stream, from: offset, to });
      const { rows } = await connection.execute(query);
      return join(rows, { id, from: offset, to });
    },
    async outputLengths(id) {
      return {
        stdout: await keptLength({ execution_id: id, stream: 'stdout' }),
        stderr: await keptLength({ execution_id: id, stream: 'stderr' }),
      };
    },
  };
}

/** The bytes of adjoining pieces between two offsets. Throws `data_loss` store.damaged if they do not adjoin. */
function join(
  pieces: readonly Piece[],
  { id, from, to }: { readonly id: ExecutionId; readonly from: number; readonly to: number },
): Uint8Array {
  const joined = new Uint8Array(Math.max(0, Math.min(to, pieces.at(-1)?.end_offset ?? from) - from));
  let at = from;
  for (const { start_offset, end_offset, bytes } of pieces) {
    const follows = at === from ? start_offset <= at : start_offset === at;
    if (!follows || end_offset - start_offset !== bytes.length) {
      throw damagedRow({ what: 'execution output', id }, 'bytes');
    }
    joined.set(bytes.subarray(at - start_offset, to - start_offset), at - from);
    at = end_offset;
  }
  return joined;
}

function outputGap(id: string, stream: OutputStream, kept: number, offset: number): VolaryError {
  return new VolaryError('data_loss', `Output of ${id} is missing between ${kept} and ${offset}.`, {
    reason: 'store.output_gap',
    details: { execution_id: id, stream, kept_bytes: kept, offset },
  });
}
