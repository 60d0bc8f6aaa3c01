/**
 * Keeps a session with the agent over one byte pipe (PROTOCOL.md, section 1). When the guest breaks the protocol the
 * session ends and another is begun; when the pipe ends, so does this.
 *
 *   syncing --ECHO of our last nonce--> greeting --HELLO--> open
 *      ^                                   |                  |
 *      +------ violation, restart ---------+------------------+      (any of them) --pipe closed--> ended
 *
 * syncing   SYNC is being repeated; all that comes is dropped
 * greeting  our HELLO is out; nothing else may come before the guest's
 * open      frames go both ways
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { encodeFrame, FIRST_HINT_TYPE, FRAME_TYPES, type Frame, type FrameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { encodeSync, tagOf } from './handshake.ts';
import { encodePosition } from './messages/channel.ts';
import {
  decodeHello,
  decodePing,
  encodeHello,
  encodePing,
  type HelloFromGuest,
  PROTOCOL_VERSION,
} from './messages/session.ts';
import { Outbox } from './outbox.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import { SyncRound } from './sync-round.ts';
import { GOOD_SESSION_MS } from './sync-schedule.ts';

const NOTHING = Buffer.alloc(0);

export interface SessionDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Unpredictable bytes, for nonces. */
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface SessionListener {
  /** A session is open. `version` 0: the agent speaks none that we do. */
  opened(hello: HelloFromGuest): void;
  /** A frame of a stream. A ProtocolViolation thrown here ends the session. */
  frame(frame: Frame): void;
  pong(token: bigint): void;
  /** There is room for bulk data again. */
  drained(): void;
  /** The session that was open has ended; another is being begun unless the pipe has ended. */
  lost(reason: string): void;
}

export class Session {
  readonly #deps: SessionDeps;
  readonly #transport: Duplex;
  readonly #linkKey: Uint8Array;
  readonly #listener: SessionListener;
  readonly #outbox: Outbox;
  readonly #ended = Promise.withResolvers<string>();
  #state: 'syncing' | 'greeting' | 'open' | 'ended' = 'syncing';
  #round: SyncRound;
  #tag = 0;
  #decoder: FrameDecoder | null = null;
  #faults = 0;
  #openedAtMs = 0;
  #lastReceivedMs = 0;

  /** Takes the pipe over, and closes it. */
  constructor(deps: SessionDeps, transport: Duplex, linkKey: Uint8Array, listener: SessionListener) {
    this.#deps = deps;
    this.#transport = transport;
    this.#linkKey = linkKey;
    this.#listener = listener;
    this.#outbox = new Outbox(transport, () => this.#state === 'open' && listener.drained());
    let fault = 'the pipe was closed';
    transport.on('data', (chunk: Buffer) => this.#receive(chunk));
    transport.on('end', () => transport.destroy());
    transport.on('error', (error: Error) => {
      fault = `the pipe failed: ${error.message}`;
    });
    transport.on('close', () => this.#finish(fault));
    if (transport.destroyed) queueMicrotask(() => this.#finish(fault));
    this.#round = this.#newRound();
  }

  /** Asks for the first session. */
  start(): void {
    this.#round.start();
  }

  /** Resolves with the reason when the pipe has ended. Never rejects. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** When the guest's last bytes came, on the monotonic clock. */
  get lastReceivedMs(): number {
    return this.#lastReceivedMs;
  }

  /** Writes a frame, if the session is open. Throws RangeError for a payload that is too long. */
  send(type: FrameType, stream: number, payload: Uint8Array = NOTHING): void {
    if (this.#state === 'open') this.#write(type, stream, payload);
  }

  /** Writes bytes of a channel, which must not change until they are written. */
  sendData(stream: number, channel: number, offset: number, bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#outbox.add(encodeFrame(FRAME_TYPES.DATA, this.#tag, stream, encodePosition(channel, offset), bytes));
  }

  /** Whether bulk data may be written now; if not, `drained` will be called. */
  hasRoom(): boolean {
    return this.#outbox.hasRoom();
  }

  /** Ends this session and begins another. */
  restart(reason: string): void {
    if (this.#state === 'ended') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'syncing';
    this.#round.end();
    this.#outbox.clear();
    this.#decoder = null;
    this.#round = this.#newRound();
    this.#round.start();
    if (wasOpen) this.#listener.lost(reason);
  }

  /** Closes the pipe, after what has been sent so far. */
  end(): void {
    this.#outbox.flush();
    this.#transport.destroy();
  }

  #finish(reason: string): void {
    if (this.#state === 'ended') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'ended';
    this.#round.end();
    this.#outbox.clear();
    if (wasOpen) this.#listener.lost(reason);
    this.#ended.resolve(reason);
  }

  #newRound(): SyncRound {
    return new SyncRound(this.#deps, {
      faults: this.#faults,
      send: (nonce) => this.#sendSync(nonce),
      failed: (error) => this.#transport.destroy(error),
    });
  }

  /** Sends SYNC, which ends what had begun by an earlier one. Not where nobody reads: what is in the pipe will do. */
  #sendSync(nonce: Buffer): boolean {
    this.#state = 'syncing';
    this.#decoder = null;
    if (this.#transport.writableNeedDrain) return false;
    this.#outbox.add([encodeSync(this.#linkKey, nonce)]);
    this.#outbox.flush();
    return true;
  }

  #receive(chunk: Buffer): void {
    this.#lastReceivedMs = this.#deps.clock.monotonicMs();
    try {
      const at = this.#state === 'syncing' ? this.#findEcho(chunk) : 0;
      if (at < chunk.length) this.#decoder?.push(at === 0 ? chunk : chunk.subarray(at));
    } catch (error) {
      this.#fault(error);
    }
  }

  /** Looks for the answer to the last SYNC. Returns where in the chunk its session begins, or the chunk's length. */
  #findEcho(chunk: Buffer): number {
    const echo = this.#round.receive(chunk);
    if (echo === null) return chunk.length;
    this.#greet(echo.nonce);
    return echo.end;
  }

  #greet(nonce: Buffer): void {
    this.#state = 'greeting';
    this.#tag = tagOf(nonce);
    const decoder: FrameDecoder = new FrameDecoder(this.#tag, (frame) => {
      // What is left in a chunk after a restart belongs to nobody.
      if (this.#decoder === decoder) this.#take(frame);
    });
    this.#decoder = decoder;
    const wallClockNs = BigInt(this.#deps.clock.now()) * 1_000_000n;
    const hello = encodeHello({ lowestVersion: PROTOCOL_VERSION, highestVersion: PROTOCOL_VERSION, wallClockNs });
    this.#write(FRAME_TYPES.HELLO, 0, hello);
  }

  #take(frame: Frame): void {
    if (this.#state === 'greeting') this.#takeHello(frame);
    else if (frame.type >= FIRST_HINT_TYPE) return;
    else if (frame.stream !== 0) this.#listener.frame(frame);
    else if (frame.type === FRAME_TYPES.PONG) this.#listener.pong(decodePing(frame.payload));
    else if (frame.type === FRAME_TYPES.PING) this.#answerPing(decodePing(frame.payload));
    else throw new ProtocolViolation('a frame of this type belongs to a stream');
  }

  #takeHello({ type, stream, payload }: Frame): void {
    if (type >= FIRST_HINT_TYPE) return;
    if (type !== FRAME_TYPES.HELLO || stream !== 0) throw new ProtocolViolation('HELLO was expected');
    const hello = decodeHello(payload);
    if (hello.version > PROTOCOL_VERSION) throw new ProtocolViolation('the agent chose a version that was not offered');
    this.#round.end();
    this.#state = 'open';
    this.#openedAtMs = this.#deps.clock.monotonicMs();
    this.#listener.opened(hello);
  }

  /** A guest that asks without reading the answers gets no more of them, so that they cannot pile up here. */
  #answerPing(token: bigint): void {
    if (this.#outbox.hasRoom()) this.#write(FRAME_TYPES.PONG, 0, encodePing(token));
  }

  #fault(error: unknown): void {
    const isViolation = error instanceof ProtocolViolation;
    const { clock, log } = this.#deps;
    if (isViolation)
      log.warn('a guest broke the protocol of its link; a new session is begun', { violation: error.message });
    else log.error('a frame from a guest could not be handled; a new session is begun', { error });
    const wasGood = this.#state === 'open' && clock.monotonicMs() - this.#openedAtMs >= GOOD_SESSION_MS;
    this.#faults = wasGood ? 1 : this.#faults + 1;
    this.restart(isViolation ? error.message : 'a frame could not be handled');
  }

  #write(type: FrameType, stream: number, payload: Uint8Array): void {
    this.#outbox.add(encodeFrame(type, this.#tag, stream, payload));
  }
}
