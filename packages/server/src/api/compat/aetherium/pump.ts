import { VolaryError } from '../../../domain/errors.ts';
import type { GuardedSocket } from '../../realtime/web-sockets.ts';
import { SOCKET_CLOSE } from '../sockets.ts';
import { toFault } from './errors.ts';

/** What a feed tells of. */
interface Told {
  readonly sequence: number;
}

export interface Source<T extends Told> {
  readonly feed: AsyncIterable<readonly T[]> & { readonly position: number };
  /** Aborted when the reader is too slow for it; null: what is not taken yet waits in the store. */
  readonly tooSlow: AbortSignal | null;
  /** A message; null: this one is not told. */
  readonly toMessage: (one: T) => string | Uint8Array | null;
  /** What is not told again: all up to this sequence. */
  readonly skip: number;
  /** Aborted when it is to end: nothing is sent after that. */
  readonly signal: AbortSignal;
}

export interface Pump {
  /** All up to this sequence has been sent, or is not told here. */
  readonly reached: number;
}

/** Sends what comes, as fast as it is taken, until it is to end. A failure closes the socket; its last message says why. */
export function pump<T extends Told>(socket: GuardedSocket, source: Source<T>): Pump {
  const { feed, tooSlow, toMessage, skip, signal } = source;
  let sent = skip;
  const send = async (): Promise<void> => {
    for await (const page of feed) {
      // It was on its way when another took the place of this one, and goes on after what was sent.
      if (signal.aborted) return;
      const messages = page.filter(({ sequence }) => sequence > skip).map(toMessage);
      for (const message of messages) if (message !== null) socket.send(message);
      sent = Math.max(sent, page.at(-1)?.sequence ?? 0);
      await socket.taken(tooSlow ?? new AbortController().signal);
    }
  };
  send().catch((error: unknown) => {
    if (!signal.aborted) fail(socket, error);
  });
  return {
    get reached() {
      return Math.max(sent, feed.position);
    },
  };
}

function fail(socket: GuardedSocket, error: unknown): void {
  const isSlow = error instanceof VolaryError && error.reason === 'events.reader_too_slow';
  if (!isSlow) socket.send(JSON.stringify(toFault(error)));
  const { tooSlow, failed } = SOCKET_CLOSE;
  socket.close(isSlow ? tooSlow : failed, isSlow ? 'you read too slowly' : 'the stream failed');
}
