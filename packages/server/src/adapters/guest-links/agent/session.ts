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
import { EchoFinder, encodeSync, NONCE_BYTES, tagOf } from './handshake.ts';
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
import { faultPauseMs, GOOD_SESSION_MS, syncPatienceMs } from './sync-schedule.ts';

/** How long the answer to HELLO may take before all begins anew, milliseconds. It doubles with each try. */
const HELLO_PATIENCE_MS = 1000;
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
  #round = new AbortController();
  #echoes = new EchoFinder();
  /** Of the SYNCs sent in this round, in hex, the last one last. */
  #nonces: string[] = [];
  #lateEchoes = 0;
  #greetings = 0;
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
    this.#beginRound();
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
    this.#beginRound();
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
    this.#round.abort();
    this.#outbox.clear();
    if (wasOpen) this.#listener.lost(reason);
    this.#ended.resolve(reason);
  }

  #beginRound(): void {
    this.#round.abort();
    this.#round = new AbortController();
    this.#outbox.clear();
    this.#echoes = new EchoFinder();
    this.#decoder = null;
    this.#nonces = [];
    this.#lateEchoes = 0;
    void this.#repeatSync(this.#round.signal);
  }

  /** Sends SYNC again and again, until the round is over: by an open session, a restart or the end. */
  async #repeatSync(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    try {
      const pauseMs = faultPauseMs(this.#faults);
      if (pauseMs > 0) await clock.sleep(pauseMs, { signal });
      const beganMs = clock.monotonicMs();
      while (!signal.aborted) {
        this.#sendSync();
        await clock.sleep(syncPatienceMs(clock.monotonicMs() - beganMs, this.#lateEchoes), { signal });
        if (this.#isGreeting()) await clock.sleep(HELLO_PATIENCE_MS * 2 ** Math.min(this.#greetings++, 4), { signal });
      }
    } catch (error) {
      if (!signal.aborted) this.#transport.destroy(error instanceof Error ? error : undefined);
    }
  }

  #isGreeting(): boolean {
    return this.#state === 'greeting';
  }

  #sendSync(): void {
    this.#state = 'syncing';
    this.#decoder = null;
    // Nobody reads at the other end: what is in the pipe already will do.
    if (this.#transport.writableNeedDrain) return;
    const nonce = Buffer.from(this.#deps.randomBytes(NONCE_BYTES));
    this.#nonces.push(nonce.toString('hex'));
    if (this.#nonces.length > 64) this.#nonces.shift();
    this.#tag = tagOf(nonce);
    this.#outbox.add([encodeSync(this.#linkKey, nonce)]);
    this.#outbox.flush();
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
    for (const { nonce, end } of this.#echoes.push(chunk)) {
      if (nonce === this.#nonces.at(-1)) {
        this.#greet();
        return end;
      }
      if (this.#nonces.includes(nonce)) this.#lateEchoes += 1;
    }
    return chunk.length;
  }

  #greet(): void {
    this.#state = 'greeting';
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
    this.#round.abort();
    this.#state = 'open';
    this.#greetings = 0;
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
