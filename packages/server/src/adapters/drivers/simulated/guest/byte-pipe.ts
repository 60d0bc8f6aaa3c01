/** Thrown into a writer whose reader has gone. */
export class BrokenPipe extends Error {}

/**
 * A bounded byte queue between a writer and a reader. `end` and `abandon` are its two ends' ways to go.
 */
export class BytePipe {
  readonly #capacity: number;
  #waiting: Uint8Array[] = [];
  #length = 0;
  #isEnded = false;
  #isAbandoned = false;
  #changed = Promise.withResolvers<void>();

  constructor(capacity = 65_536) {
    this.#capacity = capacity;
  }

  /** Resolves when there was room for it. Throws BrokenPipe if nobody will read it, or after the end. */
  async write(bytes: Uint8Array): Promise<void> {
    while (this.#length >= this.#capacity && !this.#isAbandoned) await this.#changed.promise;
    if (this.#isAbandoned || this.#isEnded) throw new BrokenPipe();
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    this.#notify();
  }

  end(): void {
    this.#isEnded = true;
    this.#notify();
  }

  /** The reader takes nothing more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#waiting = [];
    this.#notify();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        this.#length -= chunk.length;
        this.#notify();
        yield chunk;
      } else if (this.#isEnded || this.#isAbandoned) return;
      else await this.#changed.promise;
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
