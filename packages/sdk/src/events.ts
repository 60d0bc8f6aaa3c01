import type { Event, EventPage, EventType } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { VolaryConnectionError } from './errors.ts';
import { type EventFrame, framesOf } from './event-frames.ts';
import { linesOf } from './lines.ts';
import { createBackoff } from './retry.ts';
import { createSilenceAlarm, type SilenceAlarm } from './silence.ts';
import { bytesOf, type Transport } from './transport.ts';

export interface EventQuery {
  /** Only events with a sequence above this. */
  readonly after?: number;
  readonly types?: readonly EventType[];
  readonly vm?: string;
}

export interface EventClient {
  /** A page of the log, oldest first. Its `next_cursor` is the next `after`. */
  list(query?: EventQuery & { readonly limit?: number }, options?: Abortable): Promise<EventPage>;
  /**
   * Each event once, in order: those after `after` (without it: those to come), through lost connections and restarts of the
   * server, until the signal is aborted. Throws `VolaryApiError` with status 410 when the log no longer reaches back to where it has to go on.
   */
  follow(query?: EventQuery, options?: Abortable): AsyncIterable<Event>;
}

/** A server sends a sign of life every 15 s: one that has been silent for this long is gone, or the way to it is. */
const SILENCE_MS = 45_000;

export function createEventClient(transport: Transport, { silenceMs = SILENCE_MS } = {}): EventClient {
  return {
    list: ({ after, types, vm, limit } = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/events', query: { after, type: types, vm, limit }, signal }),
    follow: (query = {}, { signal } = {}) => follow(transport, query, { signal, silenceMs }),
  };
}

interface FollowOptions {
  readonly signal: AbortSignal | undefined;
  readonly silenceMs: number;
}

async function* follow(transport: Transport, query: EventQuery, options: FollowOptions): AsyncGenerator<Event> {
  const backoff = createBackoff({ giveUpAfterMs: Number.POSITIVE_INFINITY });
  let { after } = query;
  let hasConnected = false;
  for (;;) {
    try {
      for await (const { event, position } of connect(transport, { ...query, after }, options)) {
        hasConnected = true;
        backoff.reset();
        // Also without an event: where the stream began, and how far it is past events that we did not ask for.
        after = position ?? after;
        if (event !== null) yield event;
      }
    } catch (error) {
      // Nobody there from the start is an answer; somebody who went away comes back.
      if (!hasConnected) throw error;
      await backoff.afterFault(error, options.signal);
    }
  }
}

type Query = Omit<EventQuery, 'after'> & { readonly after: number | undefined };

/** One connection, to its end, which is always one before its time. */
async function* connect(
  transport: Transport,
  { after, types, vm }: Query,
  { signal, silenceMs }: FollowOptions,
): AsyncGenerator<EventFrame> {
  const alarm = createSilenceAlarm(silenceMs, signal, () => new VolaryConnectionError('the server', 'it is silent'));
  try {
    const response = await transport.send({
      method: 'GET',
      path: '/v1/events',
      query: { after, type: types, vm },
      headers: { accept: 'text/event-stream' },
      signal: alarm.signal,
    });
    yield* framesOf(linesOf(resetting(alarm, bytesOf(response, alarm.signal))));
    throw new VolaryConnectionError(new URL(response.url).origin, 'the stream has ended');
  } finally {
    alarm.stop();
  }
}

async function* resetting(alarm: SilenceAlarm, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    // As long as somebody works on it, nothing can come.
    alarm.stop();
    yield chunk;
    alarm.reset();
  }
}
