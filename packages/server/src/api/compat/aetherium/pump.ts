import { VolaryError } from '../../../domain/errors.ts';
import type { GuardedSocket } from '../../realtime/web-sockets.ts';
import { SOCKET_CLOSE } from '../sockets.ts';
import { toFault } from './errors.ts';

interface Source<T> {
  readonly pages: AsyncIterable<readonly T[]>;
  /** Aborted when the reader is too slow for it; null: what is not taken yet waits in the store. */
  readonly tooSlow: AbortSignal | null;
  /** A message; null: this one is not told. */
  readonly toText: (one: T) => string | null;
  /** Aborted when it is to end. */
  readonly signal: AbortSignal;
}

/** Sends what comes, as fast as it is taken, until it is to end. A failure closes the socket; its last message says why. */
export function pump<T>(socket: GuardedSocket, { pages, tooSlow, toText, signal }: Source<T>): void {
  const never = new AbortController().signal;
  const send = async (): Promise<void> => {
    for await (const page of pages) {
      for (const one of page) {
        const text = toText(one);
        if (text !== null) socket.send(text);
      }
      await socket.taken(tooSlow ?? never);
    }
  };
  send().catch((error: unknown) => {
    if (signal.aborted) return;
    const isSlow = error instanceof VolaryError && error.reason === 'events.reader_too_slow';
    if (!isSlow) socket.send(JSON.stringify(toFault(error)));
    const { tooSlow: slowCode, failed } = SOCKET_CLOSE;
    socket.close(isSlow ? slowCode : failed, isSlow ? 'you read too slowly' : 'the stream failed');
  });
}
