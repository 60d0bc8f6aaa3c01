import type { GuestConnection } from '../../../../ports/guest-link.ts';
import { BrokenPipe, type BytePipe } from './byte-pipe.ts';
import { guestRefused, linkLost } from './guest-errors.ts';

/**
 * A connection to a service of a simulated guest, which answers into the pipe. What is written is given to `take` piece by piece, and the end
 * comes after it.
 */
export function createConnection(
  answers: BytePipe,
  linkClosed: Promise<string>,
  take: (bytes: Uint8Array) => Promise<void>,
): GuestConnection {
  let lost: string | null = null;
  let hasEnd = false;
  let last: Promise<void> = Promise.resolve();
  void linkClosed.then((why) => {
    lost = why;
    answers.abandon();
  });

  async function* input(): AsyncGenerator<Uint8Array> {
    yield* answers;
    if (lost !== null) throw linkLost(lost);
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = last.then(work);
    last = done.catch(() => undefined); // told to whoever wrote it
    return done;
  }

  return {
    input: input(),
    async write(bytes) {
      if (hasEnd) throw guestRefused('EPIPE');
      await inTurn(async () => {
        try {
          await take(bytes);
        } catch (error) {
          if (lost !== null) throw linkLost(lost);
          throw error instanceof BrokenPipe ? guestRefused('EPIPE') : error;
        }
      });
    },
    async end() {
      hasEnd = true;
      await inTurn(async () => answers.end());
    },
    async [Symbol.asyncDispose]() {
      answers.abandon();
    },
  };
}
