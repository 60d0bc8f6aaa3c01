/**
 * What was taken of a container's console so far, kept beside the engine, whose own log begins anew when it is full and knows of no offsets. Each
 * write is of bytes first, then of how far they reach in the engine's log; what a crash leaves between the two is dropped, and taken once more.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseId, type VmId } from '../../../../domain/ids.ts';
import { integer, type Of, oneOf, record, text } from '../../../../lib/shape.ts';
import { type ConsoleLog, createConsoleLog } from '../../../shared/console-log.ts';
import { readFacts, unlessAbsent, valueIn } from '../../../shared/read-facts.ts';
import { replaceFile } from '../../../shared/replace-file.ts';
import type { StampedPiece } from './stamped-pieces.ts';

/** Of what an engine may say at once between two looks, all; twice as much is kept at most. */
const SEGMENT_BYTES = 4 * 1024 ** 2;

/** How far the engine's log is taken: so many bytes of what has this time, and all before it. */
export interface Position {
  /** Empty: nothing is. */
  readonly stamp: string;
  readonly bytes: number;
}

const SUFFIX = '.console';

export interface TakenConsole {
  readonly log: Pick<ConsoleLog, 'read'>;
  position(): Position;
  /** Adds what comes next. Throws what the file system does; then it is to be opened anew. */
  append(pieces: readonly StampedPiece[]): Promise<void>;
}

const KEPT = record({
  version: oneOf(1),
  stamp: text,
  bytes: integer(0),
  /** Offset after the last byte that was taken. */
  end: integer(0),
});

const NOTHING: Of<typeof KEPT> = { version: 1, stamp: '', bytes: 0, end: 0 };

export async function openTakenConsole(dataDir: string, vmId: VmId): Promise<TakenConsole> {
  const directory = takenConsolePath(dataDir, vmId);
  const path = join(directory, 'position.json');
  await placeConsole(dataDir, vmId);
  const log = createConsoleLog(directory, { segmentBytes: SEGMENT_BYTES });
  // Emptied by a loss of power, or damaged: then all that the engine has is taken once more.
  let kept = valueIn(await readFacts(path, KEPT)) ?? NOTHING;
  await log.endAt(kept.end);
  return {
    log,
    position: () => kept,
    async append(pieces) {
      const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
      if (bytes.length === 0) return;
      await log.append(bytes);
      const next = { ...pieces.reduce(after, kept), version: 1, end: kept.end + bytes.length } as const;
      await replaceFile(path, JSON.stringify(next), { mode: 0o600 });
      kept = next;
    },
  };
}

/** Makes the place of a console, in which nothing is yet; one that is there stays as it is. */
export async function placeConsole(dataDir: string, vmId: VmId): Promise<void> {
  await mkdir(takenConsolePath(dataDir, vmId), { recursive: true, mode: 0o700 });
}

export async function isConsolePlaced(dataDir: string, vmId: VmId): Promise<boolean> {
  return (await stat(takenConsolePath(dataDir, vmId)).catch(unlessAbsent)) !== null;
}

/** VMs whose consoles have a place. */
export async function listConsoles(dataDir: string): Promise<readonly VmId[]> {
  const names = (await readdir(join(dataDir, 'docker')).catch(unlessAbsent)) ?? [];
  return names.flatMap((name) => {
    const vmId = name.endsWith(SUFFIX) ? parseId('vm', name.slice(0, -SUFFIX.length)) : null;
    return vmId === null ? [] : [vmId];
  });
}

export async function removeTakenConsole(dataDir: string, vmId: VmId): Promise<void> {
  await rm(takenConsolePath(dataDir, vmId), { recursive: true, force: true });
}

export function takenConsolePath(dataDir: string, vmId: VmId): string {
  return join(dataDir, 'docker', `${vmId}${SUFFIX}`);
}

function after(position: Position, { stamp, bytes }: StampedPiece): Position {
  return { stamp, bytes: (stamp === position.stamp ? position.bytes : 0) + bytes.length };
}
