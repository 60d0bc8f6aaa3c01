import { statfs } from 'node:fs/promises';
import { VolaryError } from '../../domain/errors.ts';

/** So much of a disk is left to everybody else, bytes. */
const FLOOR_BYTES = 256 * 1024 ** 2;
/** How often it is looked at: a fast disk takes less than the floor meanwhile, of what a build has not yet handed to it. */
const LOOK_MS = 250;

interface Room {
  /** Places that the work writes below. */
  readonly paths: readonly string[];
  readonly signal: AbortSignal;
  /** Default 256 MiB. */
  readonly floorBytes?: number;
}

/**
 * Does work that may write more than anybody can tell before, as what users have in mind for their images may, and ends it by its signal
 * before the disk is full. Throws besides what the work throws `resource_exhausted` image.no_room; when it does, the work is over.
 */
export async function keepingRoom<T>(
  { paths, signal, floorBytes = FLOOR_BYTES }: Room,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tooFull = new AbortController();
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const path of paths) {
      const { bavail, bsize } = await statfs(path);
      if (bavail * bsize < floorBytes) tooFull.abort(noRoom());
    }
  };
  const lookAgain = (): void => {
    looking = looking.then(look).catch((error: unknown) => tooFull.abort(error));
  };
  const timer = setInterval(lookAgain, LOOK_MS);
  lookAgain();
  try {
    return await work(AbortSignal.any([signal, tooFull.signal]));
  } finally {
    clearInterval(timer);
    await looking;
  }
}

function noRoom(): VolaryError {
  return new VolaryError('resource_exhausted', 'The disk is nearly full: what was being built took its last room.', {
    reason: 'image.no_room',
  });
}
