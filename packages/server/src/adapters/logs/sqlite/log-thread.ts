import { VolaryError } from '../../../domain/errors.ts';
import type { Place, PlaceOptions, StartPlace } from './log-places.ts';
import type { LogAnswer, LogQuestion } from './log-service.ts';

/** A thread that has the database of lines open. Disposing waits for what it was asked before. */
export interface LogThread extends AsyncDisposable {
  /** Throws `unavailable` logs.unavailable. */
  ask(question: LogQuestion): Promise<unknown>;
}

/** The number of a question whose answer nobody waits for. */
const NOBODYS = -1;

/** Begins with the first question, and anew after it has ended: by a fault or, with `idleMs`, since it was asked nothing for so long. */
export function createLogThread(
  options: PlaceOptions & { readonly start: StartPlace; readonly idleMs?: number },
  damaged: (error: unknown) => void,
): LogThread {
  const { path, isWriter, start, idleMs } = options;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  /** Those that have been let go, until they have ended. */
  const leaving = new Map<Place, PromiseWithResolvers<void>>();
  let place: Place | null = null;
  let resting: NodeJS.Timeout | undefined;
  let count = 0;

  function receive(answer: LogAnswer): void {
    if ('damaged' in answer) {
      damaged(answer.damaged);
      return;
    }
    if (answer.id === NOBODYS) return;
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) rest();
    if (asked === undefined) return;
    if ('result' in answer) asked.resolve(answer.result);
    else asked.reject(answer.code === null ? answer.error : unavailable(answer.error, answer.code));
  }

  function rest(): void {
    place?.hold(false);
    clearTimeout(resting);
    if (idleMs === undefined) return;
    resting = setTimeout(leave, idleMs);
    // A program that is over waits for nobody's rest.
    resting.unref();
  }

  /** It closes its file and ends by itself; whoever asks meanwhile begins another. */
  function leave(): void {
    if (place === null) return;
    leaving.set(place, Promise.withResolvers());
    place.hold(true);
    place.post({ id: NOBODYS, question: { kind: 'close' } });
    place = null;
  }

  function begin(): Place {
    const begun: Place = start({ path, isWriter }, receive, (error) => {
      leaving.get(begun)?.resolve();
      leaving.delete(begun);
      if (place !== begun) return;
      place = null;
      for (const asked of waiting.values()) asked.reject(unavailable(error, null));
      waiting.clear();
    });
    return begun;
  }

  async function ask(question: LogQuestion): Promise<unknown> {
    clearTimeout(resting);
    place ??= begin();
    const id = count++;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(id, asked);
    place.hold(true);
    place.post({ id, question });
    return await asked.promise;
  }

  return {
    ask,
    async [Symbol.asyncDispose]() {
      clearTimeout(resting);
      await Promise.all([...leaving.values()].map(({ promise }) => promise));
      if (place === null) return;
      const ended = place;
      await ask({ kind: 'close' });
      clearTimeout(resting);
      await ended.end();
    },
  };
}

function unavailable(cause: unknown, code: string | null): VolaryError {
  const isFull = code !== null && /^SQLITE_(FULL|IOERR_(SHMSIZE|SHMMAP|WRITE|TRUNCATE))$/.test(code);
  const why = isFull ? 'the disk is full' : 'its file cannot be worked on';
  return new VolaryError('unavailable', `The log is not to be had now: ${why}.`, { reason: 'logs.unavailable', cause });
}
