/** Bytes of one channel, as they wait for their reader. */
export interface Piece {
  readonly channel: number;
  /** Of the first byte within its channel. */
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface ReceiveQueueListener {
  /** The reader has taken a piece. */
  taken(piece: Piece): void;
  /** The reader has stopped before the end. */
  abandoned(): void;
}

/** A piece this long is kept as it came; shorter ones are copied together. */
const LARGE_BYTES = 16 * 1024;
/** Past this many pieces the order between channels gives way, and small ones are joined with the last of their channel. */
const ORDERED_PIECES = 128;

/** Filled up step by step, its bytes end where the next piece of its channel begins. */
interface Slab {
  readonly channel: number;
  readonly offset: number;
  readonly memory: Buffer;
  length: number;
}

/**
 * What has come and was not read yet, in order. Small pieces are joined, so that a guest that sends its bytes one by
 * one costs little more memory than they are; a large one keeps the chunk that it came in, of which it is a good part.
 */
export class ReceiveQueue implements AsyncIterable<Piece> {
  readonly #listener: ReceiveQueueListener;
  readonly #slabs: Slab[] = [];
  #reader: PromiseWithResolvers<IteratorResult<Piece, undefined>> | null = null;
  #isFinished = false;
  #error: { readonly reason: unknown } | null = null;

  constructor(listener: ReceiveQueueListener) {
    this.#listener = listener;
  }

  push(piece: Piece): void {
    if (this.#isFinished) return;
    if (this.#reader !== null) this.#hand(piece, this.#reader);
    else if (piece.bytes.length >= LARGE_BYTES)
      this.#slabs.push({ ...piece, memory: piece.bytes, length: piece.bytes.length });
    else this.#join(piece);
  }

  /** Nothing more will come: the reader ends after what is there. */
  finish(): void {
    this.#isFinished = true;
    if (this.#reader === null || this.#slabs.length > 0) return;
    this.#settle()?.resolve({ done: true, value: undefined });
  }

  /** Nothing more will come: the reader fails after what is there. */
  fail(error: unknown): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#error = { reason: error };
    this.#settle()?.reject(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Piece, undefined> {
    return { next: () => this.#next(), return: () => this.#stop() };
  }

  #next(): Promise<IteratorResult<Piece, undefined>> {
    const slab = this.#slabs.shift();
    if (slab !== undefined) {
      const { channel, offset, memory, length } = slab;
      const piece = { channel, offset, bytes: memory.subarray(0, length) };
      this.#listener.taken(piece);
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#error !== null) return Promise.reject(this.#error.reason);
    if (this.#isFinished) return Promise.resolve({ done: true, value: undefined });
    this.#reader ??= Promise.withResolvers();
    return this.#reader.promise;
  }

  #stop(): Promise<IteratorResult<Piece, undefined>> {
    const wasFinished = this.#isFinished && this.#slabs.length === 0;
    this.#isFinished = true;
    this.#slabs.length = 0;
    this.#settle()?.resolve({ done: true, value: undefined });
    if (!wasFinished) this.#listener.abandoned();
    return Promise.resolve({ done: true, value: undefined });
  }

  #hand(piece: Piece, reader: PromiseWithResolvers<IteratorResult<Piece, undefined>>): void {
    this.#reader = null;
    this.#listener.taken(piece);
    reader.resolve({ done: false, value: piece });
  }

  #settle(): PromiseWithResolvers<IteratorResult<Piece, undefined>> | null {
    const reader = this.#reader;
    this.#reader = null;
    return reader;
  }

  #join({ channel, offset, bytes }: Piece): void {
    const slab = this.#slabToExtend(channel);
    const isNext = slab !== null && slab.offset + slab.length === offset;
    if (isNext && slab.memory.length - slab.length >= bytes.length) {
      slab.memory.set(bytes, slab.length);
      slab.length += bytes.length;
      return;
    }
    // A lone small piece gets little memory; where more follow, a whole slab is worth it.
    const memory = Buffer.allocUnsafeSlow(slab === null ? Math.max(256, bytes.length) : LARGE_BYTES);
    memory.set(bytes);
    this.#slabs.push({ channel, offset, memory, length: bytes.length });
  }

  #slabToExtend(channel: number): Slab | null {
    const last = this.#slabs.at(-1);
    if (last?.channel === channel) return last;
    if (this.#slabs.length < ORDERED_PIECES) return null;
    return this.#slabs.findLast((slab) => slab.channel === channel) ?? null;
  }
}

/** The queue as its reader is to see it. */
export function mapPieces<T>(queue: ReceiveQueue, map: (piece: Piece) => T): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const pieces = queue[Symbol.asyncIterator]();
      return {
        async next() {
          const result = await pieces.next();
          return result.done === true ? result : { done: false, value: map(result.value) };
        },
        async return() {
          await pieces.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
