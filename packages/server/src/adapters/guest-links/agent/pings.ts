import type { VolaryError } from '../../../domain/errors.ts';
import type { Clock } from '../../../ports/clock.ts';
import { guestSilent } from './guest-errors.ts';

/**
 * Asks whether the agent is there. A lost session does not matter: the question is put again in the next. What the answer's
 * absence means is for others to say.
 */
export class Pings {
  readonly #clock: Clock;
  readonly #send: (token: bigint) => void;
  readonly #onSilence: (sinceMs: number) => void;
  readonly #waiting = new Map<bigint, PromiseWithResolvers<void>>();
  #lastToken = 0n;
  #error: VolaryError | null = null;

  /** `send` writes PING if there is a session; `onSilence` hears of each ping without an answer, and when it was sent. */
  constructor(clock: Clock, send: (token: bigint) => void, onSilence: (sinceMs: number) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#onSilence = onSilence;
  }

  /** The round trip, milliseconds. Throws `deadline_exceeded` guest.silent, `unavailable` guest.link_lost. */
  async ping(timeoutMs: number): Promise<number> {
    if (this.#error !== null) throw this.#error;
    const startedMs = this.#clock.monotonicMs();
    this.#lastToken += 1n;
    const token = this.#lastToken;
    const answer = Promise.withResolvers<void>();
    const timer = new AbortController();
    this.#waiting.set(token, answer);
    this.#clock.sleep(timeoutMs, { signal: timer.signal }).then(
      () => {
        answer.reject(guestSilent(timeoutMs));
        this.#onSilence(startedMs);
      },
      // The answer came first.
      () => undefined,
    );
    this.#send(token);
    try {
      await answer.promise;
      return this.#clock.monotonicMs() - startedMs;
    } finally {
      this.#waiting.delete(token);
      timer.abort();
    }
  }

  /** A PONG has come. One that nobody waits for is late, or the guest's invention. */
  take(token: bigint): void {
    this.#waiting.get(token)?.resolve();
  }

  /** A session is open: asks again whatever has not been answered. */
  repeat(): void {
    for (const token of this.#waiting.keys()) this.#send(token);
  }

  close(error: VolaryError): void {
    this.#error = error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
