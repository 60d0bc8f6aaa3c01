import type { Event, EventPage, EventType } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { VolaryConnectionError } from './errors.ts';
import { linesOf } from './lines.ts';
import { createBackoff } from './retry.ts';
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
   * server, until the signal is aborted. (Without `after`, a connection that breaks before the first event came may lose some.) Throws `VolaryApiError` with status 410 when the log no longer reaches back to `after`.
   */
  follow(query?: EventQuery, options?: Abortable): AsyncIterable<Event>;
}

export function createEventClient(transport: Transport): EventClient {
  return {
    list: ({ after, types, vm, limit } = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/events', query: { after, type: types, vm, limit }, signal }),
    follow: (query = {}, options = {}) => follow(transport, query, options),
  };
}

async function* follow(
  transport: Transport,
  { after, types, vm }: EventQuery,
  { signal }: Abortable,
): AsyncGenerator<Event> {
  const backoff = createBackoff({ giveUpAfterMs: Number.POSITIVE_INFINITY });
  let last = after;
  let hasConnected = false;
  for (;;) {
    try {
      const response = await transport.send({
        method: 'GET',
        path: '/v1/events',
        query: { after: last, type: types, vm },
        headers: { accept: 'text/event-stream' },
        signal,
      });
      hasConnected = true;
      backoff.reset();
      for await (const event of eventsOf(linesOf(bytesOf(response, signal)))) {
        last = event.sequence;
        yield event;
      }
      // A server that stops ends its streams.
      throw new VolaryConnectionError(response.url, 'the stream has ended');
    } catch (error) {
      // Nobody there from the start is an answer; somebody who went away comes back.
      if (!hasConnected) throw error;
      await backoff.afterFault(error, signal);
    }
  }
}

async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<Event> {
  for await (const line of lines) {
    if (!line.startsWith('data: ')) continue;
    const event: Event = JSON.parse(line.slice('data: '.length));
    yield event;
  }
}
