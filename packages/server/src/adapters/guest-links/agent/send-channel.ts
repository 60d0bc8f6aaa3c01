import type { VolaryError } from '../../../domain/errors.ts';
import { DATA_MAX_BYTES } from './frame.ts';
import { WINDOW_MAX_BYTES, type Window } from './messages/channel.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import type { RoomWaiter } from './stream-table.ts';

export interface SendChannelOptions {
  /** Whether each byte is kept until the guest has acknowledged it, to be sent again in a new session. */
  readonly isKept: boolean;
  /** What a write after the end throws. */
  readonly afterEnd: () => VolaryError;
}

/** Where the frames go: a stream's place in a session. */
export interface SendPort {
  sendData(channel: number, offset: number, bytes: Uint8Array): void;
  sendEof(channel: number, offset: number): void;
  /** Whether a DATA may be written now; if not, `waiter` is called when it may. */
  hasRoomFor(waiter: RoomWaiter): boolean;
}

interface Chunk {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly sent: PromiseWithResolvers<void>;
}

/**
 * The sending end of channel 0 (PROTOCOL.md, section 4): standard input, file content, TCP. Sends no byte past the
 * limit that the guest gave. Of a command it keeps each byte until the guest has acknowledged it, and sends again from
 * where a new session says; of all else a byte is forgotten when it is written.
 */
export class SendChannel implements RoomWaiter {
  readonly #channel: number;
  readonly #options: SendChannelOptions;
  #port: SendPort | null = null;
  #hasBegun = false;
  #chunks: Chunk[] = [];
  /** The chunk that holds the byte at `#sent`, as an index. */
  #cursor = 0;
  #written = 0;
  #sent = 0;
  #acknowledged = 0;
  #limit = 0;
  #hasWindow = false;
  #end: PromiseWithResolvers<void> | null = null;
  #isEndSent = false;
  #error: { readonly reason: unknown } | null = null;

  constructor(channel: number, options: SendChannelOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  get isEndSent(): boolean {
    return this.#isEndSent;
  }

  /** Resolves when all of it has been sent. Throws after `finish` or `fail`. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== null) return Promise.reject(this.#error.reason);
    if (this.#end !== null) return Promise.reject(this.#options.afterEnd());
    if (bytes.length === 0) return Promise.resolve();
    // Copied: the caller may use its buffer again, while the bytes wait for a window, for the pipe, or for the next session.
    const chunk: Chunk = { offset: this.#written, bytes: Buffer.from(bytes), sent: Promise.withResolvers() };
    this.#chunks.push(chunk);
    this.#written += bytes.length;
    this.#pump();
    return chunk.sent.promise;
  }

  /** Says that nothing more will come. Resolves when that has been sent. May be repeated. */
  finish(): Promise<void> {
    if (this.#error !== null) return Promise.reject(this.#error.reason);
    this.#end ??= Promise.withResolvers();
    this.#pump();
    return this.#end.promise;
  }

  /** A session is open, and the guest has the bytes before `received`. */
  begin(port: SendPort, received = 0): void {
    // Somebody else, such as this server before it was restarted, may have written the first bytes.
    if (!this.#hasBegun) this.#written = received;
    this.#hasBegun = true;
    if (received < this.#acknowledged || received > this.#written) {
      throw new ProtocolViolation('the guest has another input than it was sent');
    }
    this.#port = port;
    this.#limit = 0;
    this.#hasWindow = false;
    this.#isEndSent = false;
    this.#sent = received;
    this.#acknowledge(received);
    this.#cursor = 0;
    this.#pump();
  }

  /** The session has ended; what is written waits for the next. */
  lose(): void {
    this.#port = null;
  }

  /** Nothing more can be sent: ends every wait, with an error. */
  fail(error: unknown): void {
    if (this.#error !== null) return;
    this.#error = { reason: error };
    this.#port = null;
    for (const chunk of this.#chunks.splice(0)) chunk.sent.reject(error);
    if (!this.#isEndSent) this.#end?.reject(error);
  }

  takeWindow({ acknowledged, limit }: Window): void {
    if (acknowledged > this.#sent) throw new ProtocolViolation('a WINDOW acknowledges what was not sent');
    if (limit - acknowledged > WINDOW_MAX_BYTES) throw new ProtocolViolation('a WINDOW grants too much');
    this.#hasWindow = true;
    this.#limit = Math.max(this.#limit, limit);
    this.#acknowledge(acknowledged);
    this.#pump();
  }

  writeOne(): boolean {
    const port = this.#port;
    if (port === null) return false;
    const chunk = this.#chunks[this.#cursor];
    if (chunk === undefined) {
      this.#sendEnd(port);
      return false;
    }
    const from = this.#sent - chunk.offset;
    const length = Math.min(DATA_MAX_BYTES, this.#limit - this.#sent, chunk.bytes.length - from);
    if (length <= 0) return false;
    port.sendData(this.#channel, this.#sent, chunk.bytes.subarray(from, from + length));
    this.#sent += length;
    if (from + length === chunk.bytes.length) this.#pass(chunk);
    return this.#cursor < this.#chunks.length ? this.#sent < this.#limit : this.#end !== null && !this.#isEndSent;
  }

  #pump(): void {
    while (this.#port?.hasRoomFor(this) === true) if (!this.writeOne()) return;
  }

  /** A chunk has been sent as a whole. */
  #pass(chunk: Chunk): void {
    if (this.#options.isKept) this.#cursor += 1;
    else this.#chunks.shift();
    chunk.sent.resolve();
  }

  #sendEnd(port: SendPort): void {
    if (this.#end === null || this.#isEndSent) return;
    // A command that was attached to may have no input, or one that was closed already: then no WINDOW comes.
    if (this.#options.isKept && !this.#hasWindow) return;
    this.#isEndSent = true;
    port.sendEof(this.#channel, this.#written);
    this.#end.resolve();
  }

  #acknowledge(offset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, offset);
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (first.offset + first.bytes.length > this.#acknowledged) return;
      this.#chunks.shift();
      this.#cursor = Math.max(0, this.#cursor - 1);
      first.sent.resolve();
    }
  }
}
