import type { Abortable } from '../../../../ports/guest-link.ts';
import { type EngineClient, lost } from '../engine/engine-client.ts';
import { type StampedPiece, StampedPieces } from './stamped-pieces.ts';
import type { Position, TakenConsole } from './taken-console.ts';

/** How many of the last entries are looked at: the engine reads its log from the end, so that what is new costs what it is, not what the log is. */
const TAILS = ['16', '1024', 'all'] as const;

/**
 * Takes what the engine has of a container's console and was not taken yet. What was is found by its time, which is that of one entry; no times are
 * compared, so that clocks may be set. Where it is not in the log any more, the engine has begun that anew, and all of it is new. Only what is on its way is in
 * memory: the engine waits while it is written. The engine's own way to follow a log is not taken: with 20.10 lines are lost and doubled where the log
 * begins anew. Throws `unavailable` driver.engine_unreachable, and what the file system does.
 */
export async function takeConsole(
  client: EngineClient,
  containerId: string,
  options: Abortable & { readonly taken: TakenConsole },
): Promise<void> {
  const position = options.taken.position();
  if (position.stamp !== '')
    for (const tail of TAILS) if (await take(client, containerId, { ...options, tail, after: position })) return;
  await take(client, containerId, { ...options, tail: 'all', after: null });
}

/** What comes after this, or all. False: this is not there, or not all of it, and nothing was taken. */
async function take(
  client: EngineClient,
  containerId: string,
  {
    taken,
    tail,
    after,
    signal,
  }: Abortable & { readonly taken: TakenConsole; readonly tail: string; readonly after: Position | null },
): Promise<boolean> {
  const path = `/containers/${containerId}/logs?stdout=1&stderr=1&timestamps=1&tail=${tail}`;
  const answer = await client.stream({ method: 'GET', path, expected: [404, 409] }, { signal });
  if (answer === null) return true;
  const pieces = new StampedPieces();
  const search = searchFor(after);
  const chunks: AsyncIterator<Uint8Array> = answer[Symbol.asyncIterator]();
  try {
    for (let isFirst = true; ; ) {
      const next = await chunks.next().catch((error: unknown) => {
        signal.throwIfAborted();
        throw lost(error);
      });
      const come = next.done === true ? pieces.end() : pieces.push(next.value);
      // It may be the later part of a long line, of which the earlier ones have the same time.
      if (isFirst && tail !== 'all' && come[0] !== undefined && come[0].stamp === after?.stamp) return false;
      isFirst &&= come.length === 0;
      await taken.append(come.flatMap(search.keepNew));
      if (next.done === true) return search.isFound();
    }
  } finally {
    answer.destroy();
  }
}

function searchFor(after: Position | null) {
  let isFound = after === null;
  let isPast = after === null;
  let left = after?.bytes ?? 0;
  return {
    isFound: () => isFound,
    keepNew(piece: StampedPiece): readonly StampedPiece[] {
      if (isPast) return [piece];
      if (piece.stamp !== after?.stamp) {
        isPast = isFound;
        return isPast ? [piece] : [];
      }
      isFound = true;
      const known = Math.min(left, piece.bytes.length);
      left -= known;
      return known === piece.bytes.length ? [] : [{ stamp: piece.stamp, bytes: piece.bytes.subarray(known) }];
    },
  };
}
