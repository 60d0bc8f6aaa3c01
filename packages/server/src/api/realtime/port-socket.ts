/**
 * A WebSocket that is one TCP connection into a guest. Each direction ends by itself; when both have, the socket is closed. Nothing is kept that
 * nobody takes: a guest that does not read has its client's connection wait, a client that does not read has the guest's wait.
 *
 *   joined --> half ended (by one side) --> ended: 1000
 *     +---------+--> the guest, or its link, breaks off: 4001
 *     +---------+--> the socket closes before its end: the connection in the guest is reset
 */
import type { Duplex } from 'node:stream';
import { PORT_SOCKET_CLOSE, type PortMessage } from '@volary/contract';
import type { WebSocket } from 'ws';
import type { PortConnection } from '../../engine/apis/port-api.ts';
import type { EngineDeps } from '../../engine/deps.ts';
import type { ApiLimits } from '../limits.ts';
import { toApiError } from '../problem-reply.ts';
import type { RequestSignals } from '../request-signals.ts';
import type { PortMessageReader } from './port-messages.ts';
import { untilTaken } from './send-stream.ts';

interface Joined {
  readonly raw: WebSocket;
  /** The connection that `raw` speaks on. */
  readonly socket: Duplex;
  /** Is disposed of here. */
  readonly connection: PortConnection;
}

interface Options {
  /** Bytes that may be under way in each direction; null: as many as TCP lets. */
  readonly windowBytes: number | null;
  readonly limits: Pick<ApiLimits, 'heartbeatMs' | 'goodbyeMs'>;
  readonly signals: RequestSignals;
  readonly log: EngineDeps['log'];
  readonly readMessage: PortMessageReader;
}

/** What may wait for a guest before its client is made to wait. */
const WAITING_BYTES = 256 * 1024;
/** How much goes into one message. */
const PIECE_BYTES = 64 * 1024;

/** Passes bytes on, both ways, until the socket is closed. */
export function joinPortSocket({ raw, socket, connection }: Joined, options: Options): void {
  const { windowBytes, limits, signals, log, readMessage } = options;
  const over = new AbortController();
  const sending = createSending(raw, socket, windowBytes);
  const taking = createTaking(raw, connection, windowBytes);

  function close(code: number, reason: string): void {
    if (over.signal.aborted) return;
    over.abort();
    raw.close(code, reason);
    // A socket that was made to wait hears no goodbye, nor does one that does not read.
    raw.resume();
    setTimeout(() => raw.terminate(), limits.goodbyeMs).unref();
  }

  function fail(fault: unknown): void {
    if (over.signal.aborted) return;
    if (fault instanceof Violation) {
      close(PORT_SOCKET_CLOSE.violation, fault.message);
      return;
    }
    const error = toApiError(fault);
    if (error.code === 'internal') log.error('a connection into a guest failed', { error });
    else log.debug('a connection into a guest was broken off', { error });
    close(PORT_SOCKET_CLOSE.reset, error.reason);
  }

  function receive(data: Buffer, isBinary: boolean): void {
    if (over.signal.aborted) return;
    const message = isBinary ? data : readMessage(data.toString('utf8'));
    if (message === null) throw new Violation('this is none of the messages');
    if (Buffer.isBuffer(message)) taking.bytes(message);
    else if (message.type === 'end') taking.end();
    else sending.taken(message.bytes);
  }

  const heart = setInterval(() => raw.ping(), limits.heartbeatMs);
  raw.on('message', (data, isBinary) => {
    try {
      receive(data, isBinary);
    } catch (error) {
      fail(error);
    }
  });
  raw.on('error', (error) => log.debug('a socket failed', { error }));
  raw.once('close', () => {
    clearInterval(heart);
    over.abort();
    void connection[Symbol.asyncDispose]();
  });
  const stop = signals.until(raw);
  const onStop = (): void => close(PORT_SOCKET_CLOSE.stopping, 'server.stopping');
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });

  const both = [sending.all(connection.input, over.signal), taking.ended];
  Promise.all(both).then(() => close(PORT_SOCKET_CLOSE.ended, ''), fail);
}

/** What came is not what may come; told to whoever sent it. */
class Violation extends Error {}

/** From the guest to the socket. */
function createSending(raw: WebSocket, socket: Duplex, windowBytes: number | null) {
  let sentBytes = 0;
  let takenBytes = 0;
  let more = Promise.withResolvers<void>();

  async function room(signal: AbortSignal): Promise<number> {
    while (windowBytes !== null && sentBytes - takenBytes >= windowBytes && !signal.aborted) await more.promise;
    return windowBytes === null ? PIECE_BYTES : Math.min(PIECE_BYTES, windowBytes - (sentBytes - takenBytes));
  }

  return {
    /** The other side has passed on so many. */
    taken(bytes: number): void {
      if (bytes > sentBytes) throw new Violation('more was taken than was sent');
      takenBytes = Math.max(takenBytes, bytes);
      more.resolve();
      more = Promise.withResolvers();
    },
    /** Resolves after the end was sent. */
    async all(input: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
      signal.addEventListener('abort', () => more.resolve(), { once: true });
      for await (const bytes of input) {
        for (let at = 0; at < bytes.length; ) {
          const piece = bytes.subarray(at, at + (await room(signal)));
          if (signal.aborted) return;
          raw.send(piece);
          at += piece.length;
          sentBytes += piece.length;
          if (socket.writableNeedDrain) await untilTaken(socket, undefined);
        }
      }
      send(raw, { type: 'end' });
    },
  };
}

/** From the socket to the guest. */
function createTaking(raw: WebSocket, connection: PortConnection, windowBytes: number | null) {
  const ended = Promise.withResolvers<void>();
  let waitingBytes = 0;
  let writtenBytes = 0;
  let toldBytes = 0;
  let hasEnd = false;

  function written(length: number): void {
    waitingBytes -= length;
    writtenBytes += length;
    if (waitingBytes <= WAITING_BYTES / 2) raw.resume();
    if (windowBytes === null || writtenBytes - toldBytes < windowBytes / 4) return;
    toldBytes = writtenBytes;
    send(raw, { type: 'taken', bytes: writtenBytes });
  }

  return {
    ended: ended.promise,
    bytes(bytes: Buffer): void {
      if (hasEnd) throw new Violation('bytes came after their end');
      waitingBytes += bytes.length;
      if (windowBytes !== null && writtenBytes + waitingBytes - toldBytes > windowBytes)
        throw new Violation('more came than the window lets');
      if (windowBytes === null && waitingBytes > WAITING_BYTES) raw.pause();
      connection.write(bytes).then(() => written(bytes.length), ended.reject);
    },
    end(): void {
      if (hasEnd) throw new Violation('it had ended before');
      hasEnd = true;
      connection.end().then(ended.resolve, ended.reject);
    },
  };
}

function send(raw: WebSocket, message: PortMessage): void {
  raw.send(JSON.stringify(message));
}
