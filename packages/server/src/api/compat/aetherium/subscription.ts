import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { GuardedSocket } from '../../realtime/web-sockets.ts';
import type { EventFrames } from '../event-frames.ts';
import { toMoment } from '../moments.ts';
import { type Pump, pump } from './pump.ts';
import { toLogEntry } from './translate.ts';
import { eventTypesOf, type Topic, textOf } from './update-messages.ts';

export interface Wanted {
  readonly topics: readonly Topic[];
  /** The sequence after which events are told; null: after what was told before, else from now on. */
  readonly since: number | null;
}

/** What is told on a socket until another subscription takes its place. */
export interface Subscription {
  /** Ends the one before, if there is one, and tells what comes after what that has told. */
  begin(socket: GuardedSocket): void;
  end(): void;
  /** How far it has told events, and lines of the log; null: it tells none. */
  readonly reached: { readonly events: number | null; readonly lines: number | null };
}

interface SubscriptionDeps {
  readonly engine: Pick<Engine, 'events' | 'logs'>;
  readonly principal: Principal;
  readonly frameOf: EventFrames;
  /** Aborted with the socket. */
  readonly signal: AbortSignal;
}

/**
 * Everything that may be refused is, before the first of it is told. The one before goes on telling until this one begins: what it tells meanwhile is
 * not told again, and nothing that it has not told is left out.
 */
export async function openSubscription(
  { engine: { events, logs }, principal, frameOf, signal: all }: SubscriptionDeps,
  { topics, since }: Wanted,
  before: Subscription | null,
): Promise<Subscription> {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, all]);
  const end = (): void => own.abort(new DOMException('another subscription took its place', 'AbortError'));
  const reachOf = (kind: 'events' | 'lines'): number | null => before?.reached[kind] ?? null;
  const types = eventTypesOf(topics);
  const hasLines = topics.includes('logs');
  const eventFeed =
    types.length === 0 ? null : await events.follow(principal, { after: since ?? reachOf('events'), types, signal });
  const lineFeed = hasLines ? await logs.follow(principal, {}, { after: reachOf('lines'), tail: null, signal }) : null;
  let eventPump: Pump | null = null;
  let linePump: Pump | null = null;

  function begin(socket: GuardedSocket): void {
    before?.end();
    const told = { events: since === null ? (reachOf('events') ?? 0) : 0, lines: reachOf('lines') ?? 0 };
    const from = eventFeed === null ? since : Math.max(eventFeed.position, told.events);
    socket.send(textOf('subscribed', { topics: [...topics], since: from }));
    if (eventFeed !== null) {
      const { tooSlow } = eventFeed;
      eventPump = pump(socket, { feed: eventFeed, tooSlow, toMessage: frameOf, skip: told.events, signal });
    }
    if (lineFeed !== null) {
      const toMessage = (line: Parameters<typeof toLogEntry>[0]): string =>
        JSON.stringify({ type: 'log', timestamp: toMoment(line.at), data: toLogEntry(line) });
      linePump = pump(socket, { feed: lineFeed, tooSlow: null, toMessage, skip: told.lines, signal });
    }
  }

  return {
    begin,
    end,
    get reached() {
      return { events: eventPump?.reached ?? null, lines: linePump?.reached ?? null };
    },
  };
}
