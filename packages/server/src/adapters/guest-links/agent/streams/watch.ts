import type { VolaryError } from '../../../../domain/errors.ts';
import type { Abortable, FileChange } from '../../../../ports/guest-link.ts';
import { FRAME_TYPES, type Frame } from '../frame.ts';
import { refusalError } from '../guest-errors.ts';
import { decodeError, decodeNothing } from '../messages/result.ts';
import { decodeWatchEvent, encodeOpenWatch } from '../messages/watch.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import type { LinkStream, StreamPort, StreamTable } from '../stream-table.ts';
import { changeOf } from '../units.ts';

/** Changes that may wait for their reader; past them all that is known is that there were more. */
const MOST_WAITING = 4096;
const OVERFLOW: FileChange = { kind: 'overflow', path: '' };

/**
 * The changes below a path, from the first `next` on. When they were missed, by a reader that was too slow or by a lost session,
 * an `overflow` says so.
 */
export async function* watchGuestFiles(
  table: StreamTable,
  path: string,
  { signal, isRecursive }: Abortable & { readonly isRecursive: boolean },
): AsyncGenerator<FileChange, void, undefined> {
  signal.throwIfAborted();
  const stream = new WatchStream(encodeOpenWatch(path, isRecursive));
  const onAbort = (): void => stream.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  table.add(stream);
  try {
    for (;;) yield await stream.next();
  } finally {
    signal.removeEventListener('abort', onAbort);
    table.withdraw(stream);
    stream.abort(null);
  }
}

class WatchStream implements LinkStream {
  readonly #open: Uint8Array;
  readonly #waiting: FileChange[] = [];
  #reader: PromiseWithResolvers<FileChange> | null = null;
  #port: StreamPort | null = null;
  #hasBegun = false;
  #error: { readonly reason: unknown } | null = null;

  constructor(open: Uint8Array) {
    this.#open = open;
  }

  next(): Promise<FileChange> {
    const change = this.#waiting.shift();
    if (change !== undefined) return Promise.resolve(change);
    if (this.#error !== null) return Promise.reject(this.#error.reason);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  begin(port: StreamPort): void {
    this.#port = port;
    port.send(FRAME_TYPES.OPEN, this.#open);
    if (this.#hasBegun) this.#add(OVERFLOW);
  }

  take({ type, payload }: Frame): void {
    if (type === FRAME_TYPES.RESULT) {
      decodeNothing(payload);
      this.#hasBegun = true;
    } else if (type === FRAME_TYPES.EVENT && this.#hasBegun) {
      const { what, path } = decodeWatchEvent(payload);
      this.#add({ kind: changeOf(what), path });
    } else if (type === FRAME_TYPES.ERROR) {
      this.#port?.end();
      this.#fail(refusalError(decodeError(payload)));
    } else throw new ProtocolViolation('files are being watched, and something else came');
  }

  lose(): boolean {
    this.#port = null;
    return true;
  }

  close(error: VolaryError): void {
    this.#fail(error);
  }

  abort(reason: unknown): void {
    this.#port?.close();
    this.#fail(reason);
  }

  #add(change: FileChange): void {
    if (this.#reader !== null) {
      this.#reader.resolve(change);
      this.#reader = null;
    } else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(change);
    else if (this.#waiting.at(-1) !== OVERFLOW) this.#waiting.push(OVERFLOW);
  }

  #fail(reason: unknown): void {
    this.#port = null;
    this.#error ??= { reason };
    this.#reader?.reject(reason);
    this.#reader = null;
  }
}
