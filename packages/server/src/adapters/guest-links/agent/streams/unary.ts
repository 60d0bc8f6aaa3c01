import type { VolaryError } from '../../../../domain/errors.ts';
import { FRAME_TYPES, type Frame } from '../frame.ts';
import { linkLost, refusalError } from '../guest-errors.ts';
import { decodeError } from '../messages/result.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import type { LinkStream, StreamPort, StreamTable } from '../stream-table.ts';

/** How often a repeatable request is sent, each time in a new session, before its caller hears that the link is lost. */
const MOST_ATTEMPTS = 5;

export interface UnaryRequest<T> {
  /** Of OPEN. */
  readonly payload: Uint8Array;
  /** Reads RESULT. May throw ProtocolViolation. */
  readonly decode: (payload: Buffer) => T;
  /** Whether doing it twice is the same as once: then a lost session does not matter. */
  readonly isRepeatable: boolean;
}

/**
 * Asks the guest one thing and waits for its one answer; without a session, for the session first. Throws the guest's
 * refusal, `unavailable` guest.link_lost, or the signal's reason.
 */
export function callUnary<T>(table: StreamTable, request: UnaryRequest<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const stream = new UnaryStream(request);
  const onAbort = (): void => {
    table.withdraw(stream);
    stream.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  table.add(stream);
  return stream.answer.finally(() => signal.removeEventListener('abort', onAbort));
}

class UnaryStream<T> implements LinkStream {
  readonly #request: UnaryRequest<T>;
  readonly #answer = Promise.withResolvers<T>();
  #port: StreamPort | null = null;
  #attempts = 0;

  constructor(request: UnaryRequest<T>) {
    this.#request = request;
  }

  get answer(): Promise<T> {
    return this.#answer.promise;
  }

  begin(port: StreamPort): void {
    this.#port = port;
    this.#attempts += 1;
    port.send(FRAME_TYPES.OPEN, this.#request.payload);
  }

  take({ type, payload }: Frame): void {
    if (type === FRAME_TYPES.RESULT) this.#answer.resolve(this.#request.decode(payload));
    else if (type === FRAME_TYPES.ERROR) this.#answer.reject(refusalError(decodeError(payload)));
    else throw new ProtocolViolation('a request was answered with something else');
    this.#port?.end();
  }

  lose(): boolean {
    this.#port = null;
    if (this.#request.isRepeatable && this.#attempts < MOST_ATTEMPTS) return true;
    this.#answer.reject(linkLost('the session ended before the answer came'));
    return false;
  }

  close(error: VolaryError): void {
    this.#answer.reject(error);
  }

  abort(reason: unknown): void {
    this.#port?.close();
    this.#answer.reject(reason);
  }
}
