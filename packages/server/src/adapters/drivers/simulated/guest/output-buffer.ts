/** Kept of one stream until it is acknowledged, bytes; past it the command waits. As the real agent does. */
const KEPT_BYTES = 1024 * 1024;
const CHUNK_BYTES = 32 * 1024;

/** One output stream of a command: numbered bytes, kept from the acknowledged one on. */
export class OutputBuffer {
  readonly #onChange: () => void;
  readonly #keepsNewest: () => boolean;
  #kept = Buffer.alloc(0);
  #acknowledged = 0;
  #isEnded = false;
  #room = Promise.withResolvers<void>();

  /** `keepsNewest`: whether, now, the oldest is dropped where the bound is reached, instead of having the command wait. */
  constructor(onChange: () => void, keepsNewest: () => boolean = () => false) {
    this.#onChange = onChange;
    this.#keepsNewest = keepsNewest;
  }

  /** Offset of the first byte that is kept. */
  get start(): number {
    return this.#acknowledged;
  }

  /** Offset after the last byte so far. */
  get end(): number {
    return this.#acknowledged + this.#kept.length;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Resolves when all of it is kept; waits where the bound is reached. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.#kept.length >= KEPT_BYTES) {
        signal.throwIfAborted();
        if (this.#keepsNewest()) this.acknowledge(this.#acknowledged + CHUNK_BYTES);
        else await this.#room.promise;
      }
      signal.throwIfAborted();
      const piece = bytes.subarray(at, at + Math.min(KEPT_BYTES - this.#kept.length, bytes.length - at));
      this.#kept = Buffer.concat([this.#kept, piece]);
      at += piece.length;
      this.#onChange();
    }
  }

  finish(): void {
    this.#isEnded = true;
    this.wake();
    this.#onChange();
  }

  /** A piece from this offset on, or from the first byte that is still kept; null when there is none. */
  take(offset: number): { readonly offset: number; readonly bytes: Uint8Array } | null {
    const from = Math.max(offset, this.#acknowledged);
    const start = from - this.#acknowledged;
    if (start >= this.#kept.length) return null;
    return { offset: from, bytes: Uint8Array.from(this.#kept.subarray(start, start + CHUNK_BYTES)) };
  }

  acknowledge(offset: number): void {
    const count = Math.min(offset, this.end) - this.#acknowledged;
    if (count <= 0) return;
    this.#kept = this.#kept.subarray(count);
    this.#acknowledged += count;
    this.wake();
  }

  /** Lets a waiting writer look again. */
  wake(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }
}
