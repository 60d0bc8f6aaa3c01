import type { VolaryError } from '../../../../domain/errors.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { FRAME_TYPES, type Frame } from '../frame.ts';
import { linkLost, refusalError, stdinClosed } from '../guest-errors.ts';
import { CHANNEL_IN, decodeWindow } from '../messages/channel.ts';
import { decodeWritten, encodeOpenWrite, type OpenWrite } from '../messages/files.ts';
import { decodeError, decodeNothing } from '../messages/result.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import { SendChannel } from '../send-channel.ts';
import type { LinkStream, StreamPort, StreamTable } from '../stream-table.ts';

/**
 * Writes a file, which has its old content until the new one is complete. Returns the bytes written. A lost session ends
 * it with `unavailable` guest.link_lost: whether the file is new is then not known. The content is always told when
 * it is not read to its end; an error of its own goes on to the caller, and leaves the file as it was.
 */
export async function writeGuestFile(
  table: StreamTable,
  request: OpenWrite,
  content: AsyncIterable<Uint8Array>,
  { signal }: Abortable,
): Promise<number> {
  signal.throwIfAborted();
  const stream = new WriteStream(request);
  const onAbort = (): void => {
    table.withdraw(stream);
    stream.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  table.add(stream);
  try {
    return await stream.copy(content);
  } catch (error) {
    stream.abort(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

class WriteStream implements LinkStream {
  readonly #request: OpenWrite;
  readonly #written = Promise.withResolvers<number>();
  readonly #channel = new SendChannel(CHANNEL_IN, { isKept: false, afterEnd: stdinClosed });
  #port: StreamPort | null = null;
  #isOpened = false;
  #error: unknown = null;
  /** Wakes who waits for the next piece of content. */
  #onFailure: ((error: unknown) => void) | null = null;

  constructor(request: OpenWrite) {
    this.#request = request;
    // It is awaited last, after errors have been noticed elsewhere.
    this.#written.promise.catch(() => undefined);
  }

  /** Sends the content. Resolves with the guest's last answer. */
  async copy(content: AsyncIterable<Uint8Array>): Promise<number> {
    const iterator = content[Symbol.asyncIterator]();
    let isAtEnd = false;
    try {
      for (;;) {
        const result = await this.#next(iterator);
        isAtEnd = result.done === true;
        if (result.done === true) break;
        await this.#channel.write(result.value);
      }
      await this.#channel.finish();
      return await this.#written.promise;
    } catch (error) {
      // Not awaited: a content that never gives its next piece would never hear of it either.
      if (!isAtEnd) void iterator.return?.().catch(() => undefined);
      throw error;
    }
  }

  begin(port: StreamPort): void {
    this.#port = port;
    port.send(FRAME_TYPES.OPEN, encodeOpenWrite(this.#request));
    this.#channel.begin(port);
  }

  take({ type, payload }: Frame): void {
    if (type === FRAME_TYPES.WINDOW) this.#takeWindow(payload);
    else if (type === FRAME_TYPES.ERROR) this.#fail(refusalError(decodeError(payload)));
    else if (type === FRAME_TYPES.RESULT) this.#takeResult(payload);
    else throw new ProtocolViolation('a file is being written, and something else came');
  }

  lose(): boolean {
    this.#port = null;
    this.#fail(linkLost('the session ended while a file was being written'));
    return false;
  }

  close(error: VolaryError): void {
    this.#fail(error);
  }

  abort(reason: unknown): void {
    this.#port?.close();
    this.#fail(reason);
  }

  /** The next piece, or the failure of the stream if that comes first. */
  #next(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error);
      this.#onFailure = reject;
      iterator.next().then(resolve, reject);
    });
  }

  #takeWindow(payload: Buffer): void {
    const window = decodeWindow(payload);
    if (window.channel !== CHANNEL_IN) throw new ProtocolViolation('a WINDOW is for no channel of a written file');
    this.#channel.takeWindow(window);
  }

  /** The first one says that the file is open, the second one that it is complete. */
  #takeResult(payload: Buffer): void {
    if (!this.#isOpened) {
      decodeNothing(payload);
      this.#isOpened = true;
      return;
    }
    if (!this.#channel.isEndSent) throw new ProtocolViolation('a file is complete before its content is');
    const written = decodeWritten(payload);
    this.#port?.end();
    this.#port = null;
    this.#written.resolve(written);
  }

  #fail(error: unknown): void {
    this.#port?.end();
    this.#port = null;
    this.#error ??= error;
    this.#written.reject(error);
    this.#channel.fail(error);
    this.#onFailure?.(error);
  }
}
