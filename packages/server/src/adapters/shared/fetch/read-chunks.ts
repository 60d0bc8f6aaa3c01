import type { IncomingMessage } from 'node:http';

/** How much may have come and not been taken before the other side has to wait, bytes. */
const MOST_WAITING_BYTES = 1024 ** 2;

/**
 * The body of an answer as it comes. What came before a connection broke is given out before that is told: an iterator of the stream itself
 * throws away what nobody has taken by then, and a download could not go on from there. It is listened to from this call on. Throws the
 * stream's error.
 */
export function readChunks(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let end: { readonly error: Error | null } | null = null;
  let tell = (): void => undefined;
  const finish = (error: Error | null): void => {
    end ??= { error };
    tell();
  };
  response.on('data', (chunk: Uint8Array) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= MOST_WAITING_BYTES) response.pause();
    tell();
  });
  response.once('end', () => finish(null));
  response.once('error', finish);
  response.once('close', () => finish(new Error('closed')));
  if (response.destroyed) finish(response.errored ?? new Error('closed'));
  return (async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = waiting.shift();
        if (chunk !== undefined) {
          waitingBytes -= chunk.length;
          yield chunk;
        } else if (end === null) {
          const news = new Promise<void>((resolve) => {
            tell = resolve;
          });
          response.resume();
          await news;
        } else {
          const { error }: { readonly error: Error | null } = end;
          if (error !== null) throw error;
          return;
        }
      }
    } finally {
      response.destroy();
    }
  })();
}
