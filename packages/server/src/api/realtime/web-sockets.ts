/**
 * WebSockets that cannot be used against the server: each has bounds on what it may send, on what may wait for it, and on how
 * long it may be silent.
 *
 *   open --> closing (a code and a reason are on their way, whatever waited before them too) --> closed
 *     +---------------------------------------------------------------------------------------> closed
 *
 * The other side is asked for a sign of life with each heartbeat: one that gave none since the one before is gone, unless it
 * was this server that was held up meanwhile.
 */
import type { Duplex } from 'node:stream';
import { EVENT_SOCKET_CLOSE, LIMITS } from '@volary/contract';
import type { WebSocket } from 'ws';
import type { EngineDeps } from '../../engine/deps.ts';
import type { ApiLimits } from '../limits.ts';
import type { RequestSignals } from '../request-signals.ts';
import { acceptSocket } from './accept-socket.ts';
import { untilTaken } from './send-stream.ts';
import type { Upgrade } from './upgrades.ts';

export interface GuardedSocket {
  /** Sends a text, as it is or as the bytes it has in UTF-8; what is sent after the end goes nowhere. */
  send(text: string | Uint8Array): void;
  /**
   * Resolves when little enough waits for the reader, or the socket is closed. Rejects with `aborted` events.reader_too_slow when that takes
   * too long, or with the signal's reason when that is aborted before.
   */
  taken(signal: AbortSignal): Promise<void>;
  /** True when more waits for the reader than ever may. */
  readonly isOverfull: boolean;
  close(code: number, reason: string): void;
  /** Aborted when nothing can be sent any more. */
  readonly closed: AbortSignal;
}

export interface SocketHandlers {
  /** A text of at most the allowed length; not called any more when the socket is closing. */
  message(text: string): void;
  /** Bytes came where texts are spoken. */
  bytes(): void;
  /** Called with each heartbeat. */
  beat(): void;
}

interface SocketDeps {
  readonly limits: ApiLimits;
  readonly signals: RequestSignals;
  readonly log: EngineDeps['log'];
}

/** A beat that comes so many times later than it should says that this thread was held up. */
const HELD_UP = 1.25;

const TEXT = { binary: false } as const;

const { messagesPerSecond } = LIMITS.eventSocket;

/** Ends the handshake, as `acceptSocket`. `handlers` is given the socket that they answer on. */
export async function openSocket(
  upgrade: Upgrade,
  { headers, ...deps }: SocketDeps & { readonly headers: Readonly<Record<string, unknown>> },
  handlers: (socket: GuardedSocket) => SocketHandlers,
): Promise<GuardedSocket | null> {
  let socket: GuardedSocket | null = null;
  await acceptSocket(upgrade, { headers, messageBytes: deps.limits.messageBytes }, (raw) => {
    socket = guard(raw, upgrade.socket, deps, handlers);
  });
  return socket;
}

function guard(
  raw: WebSocket,
  connection: Duplex,
  { limits, signals, log }: SocketDeps,
  makeHandlers: (socket: GuardedSocket) => SocketHandlers,
): GuardedSocket {
  const closed = new AbortController();
  let isAlive = true;
  let isClosing = false;

  function live(): void {
    isAlive = true;
  }

  function close(code: number, reason: string): void {
    if (isClosing) return;
    isClosing = true;
    raw.close(code, reason);
    closed.abort(gone());
    // One that does not read never reads the goodbye either.
    setTimeout(() => raw.terminate(), limits.goodbyeMs).unref();
  }

  const socket: GuardedSocket = {
    send: (text) => {
      if (!isClosing) raw.send(text, TEXT);
    },
    taken: async (signal) => {
      if (connection.writableNeedDrain) await untilTaken(connection, { signal, afterMs: limits.slowReaderMs });
    },
    get isOverfull() {
      return connection.writableLength > limits.socketBufferBytes;
    },
    close,
    closed: closed.signal,
  };
  const handlers = makeHandlers(socket);
  const takeToken = createBucket(messagesPerSecond);
  let beatAt = performance.now();
  const heart = setInterval(() => {
    const wasHeldUp = performance.now() - beatAt > HELD_UP * limits.heartbeatMs;
    beatAt = performance.now();
    // What came while this thread did something else is read after this: whoever was held up asks once more.
    if (!isAlive && !wasHeldUp) return raw.terminate();
    isAlive = false;
    raw.ping();
    if (!isClosing) handlers.beat();
  }, limits.heartbeatMs);

  raw.on('pong', live);
  // Whoever takes a lot slowly gets to the question late.
  connection.on('drain', live);
  raw.on('message', (data, isBinary) => {
    live();
    if (isClosing) return;
    if (!takeToken()) close(EVENT_SOCKET_CLOSE.flood, `more than ${messagesPerSecond} messages a second`);
    else if (isBinary) handlers.bytes();
    else handlers.message(data.toString('utf8'));
  });
  // What ws refuses (too long, not UTF-8, no WebSocket at all) it closes by itself, with the code for it.
  raw.on('error', (error) => log.debug('a socket failed', { error }));
  raw.once('close', () => {
    clearInterval(heart);
    isClosing = true;
    closed.abort(gone());
  });
  const signal = signals.until(raw);
  const onStop = (): void => close(EVENT_SOCKET_CLOSE.stopping, 'the server is stopping');
  if (signal.aborted) onStop();
  else signal.addEventListener('abort', onStop, { once: true });
  return socket;
}

function gone(): DOMException {
  return new DOMException('the socket is closed', 'AbortError');
}

/** Allows so many a second, and twice as many at once. */
function createBucket(perSecond: number): () => boolean {
  let tokens = 2 * perSecond;
  let filledAt = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(2 * perSecond, tokens + ((now - filledAt) * perSecond) / 1000);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
