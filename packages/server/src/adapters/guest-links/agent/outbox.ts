import type { Duplex } from 'node:stream';

/** Several small buffers up to this long together are joined: one copy is cheaper than a list for the kernel. */
const JOINED_BYTES = 16 * 1024;
/** Bulk data waits while this much has not been taken by the pipe, so that what is urgent does not stand behind it. */
const FULL_BYTES = 128 * 1024;

/** Collects what is written within one turn of the event loop, and hands it to the pipe in one piece. */
export class Outbox {
  readonly #transport: Duplex;
  readonly #onRoom: () => void;
  readonly #fullBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #hasRefused = false;

  /** `onRoom` is called when there is room again, after `hasRoom` has said no. */
  constructor(transport: Duplex, onRoom: () => void) {
    this.#transport = transport;
    this.#onRoom = onRoom;
    // Not below the pipe's own mark: past it, and only past it, the pipe says when it has room again.
    this.#fullBytes = Math.max(FULL_BYTES, transport.writableHighWaterMark);
    transport.on('drain', () => this.#tellRoom());
  }

  add(parts: readonly Uint8Array[]): void {
    if (this.#parts.length === 0) queueMicrotask(() => this.flush());
    for (const part of parts) {
      this.#parts.push(part);
      this.#bytes += part.length;
    }
  }

  /** Whether bulk data may be added. */
  hasRoom(): boolean {
    const hasRoom = this.#isBelowMark();
    if (!hasRoom) this.#hasRefused = true;
    return hasRoom;
  }

  /** Forgets what has not been handed over yet. */
  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  flush(): void {
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.clear();
    if (parts.length === 0 || this.#transport.destroyed) return;
    if (bytes <= JOINED_BYTES) {
      this.#transport.write(parts.length === 1 ? parts[0] : Buffer.concat(parts, bytes));
    } else {
      this.#transport.cork();
      for (const part of parts) this.#transport.write(part);
      this.#transport.uncork();
    }
    this.#tellRoom();
  }

  #isBelowMark(): boolean {
    return this.#bytes + this.#transport.writableLength < this.#fullBytes;
  }

  #tellRoom(): void {
    if (!this.#hasRefused || !this.#isBelowMark()) return;
    this.#hasRefused = false;
    this.#onRoom();
  }
}
