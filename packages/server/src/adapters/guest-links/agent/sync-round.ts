import type { Clock } from '../../../ports/clock.ts';
import { EchoFinder, NONCE_BYTES } from './handshake.ts';
import { faultPauseMs, helloPatienceMs, syncPatienceMs } from './sync-schedule.ts';

/** Answers to so many of the last SYNCs are known as late ones; those to earlier ones are noise. */
const REMEMBERED_NONCES = 64;

export interface SyncRoundOptions {
  /** How often in a row the guest has broken the protocol. */
  readonly faults: number;
  /** Sends SYNC with this nonce, unless nobody reads at the other end. Returns whether it did. */
  readonly send: (nonce: Buffer) => boolean;
  /** It cannot go on: a fault of this program, not of the guest. */
  readonly failed: (error: Error) => void;
}

/** Asks the guest for a session, again and again with a new nonce each time, until it is ended. */
export class SyncRound {
  readonly #clock: Clock;
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #options: SyncRoundOptions;
  readonly #echoes = new EchoFinder();
  readonly #abort = new AbortController();
  /** Of the SYNCs sent, in hex, the last one last. */
  readonly #nonces: string[] = [];
  #lateEchoes = 0;
  /** How often SYNC was answered, but not HELLO. */
  #helloTries = 0;
  #isAnswered = false;

  constructor(
    { clock, randomBytes }: { readonly clock: Clock; readonly randomBytes: (length: number) => Uint8Array },
    options: SyncRoundOptions,
  ) {
    this.#clock = clock;
    this.#randomBytes = randomBytes;
    this.#options = options;
  }

  start(): void {
    void this.#run(this.#abort.signal);
  }

  /** The session is open, or all is over. */
  end(): void {
    this.#abort.abort();
  }

  /**
   * Looks for the answer to the last SYNC in what came. Returns its nonce, and where in the chunk it ends. From then on
   * the answer to HELLO is waited for, and the round goes on if it does not come.
   */
  receive(chunk: Buffer): { readonly nonce: Buffer; readonly end: number } | null {
    for (const { nonce, end } of this.#echoes.push(chunk)) {
      if (nonce === this.#nonces.at(-1)) {
        this.#isAnswered = true;
        return { nonce: Buffer.from(nonce, 'hex'), end };
      }
      if (this.#nonces.includes(nonce)) this.#lateEchoes += 1;
    }
    return null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      const pauseMs = faultPauseMs(this.#options.faults);
      if (pauseMs > 0) await this.#clock.sleep(pauseMs, { signal });
      const beganMs = this.#clock.monotonicMs();
      while (!signal.aborted) {
        this.#ask();
        await this.#clock.sleep(syncPatienceMs(this.#clock.monotonicMs() - beganMs, this.#lateEchoes), { signal });
        if (this.#isAnswered) await this.#clock.sleep(helloPatienceMs(this.#helloTries++), { signal });
      }
    } catch (error) {
      if (!signal.aborted) this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #ask(): void {
    this.#isAnswered = false;
    const nonce = Buffer.from(this.#randomBytes(NONCE_BYTES));
    // Before it is sent: over a pipe within this process the answer comes at once.
    this.#nonces.push(nonce.toString('hex'));
    if (!this.#options.send(nonce)) this.#nonces.pop();
    else if (this.#nonces.length > REMEMBERED_NONCES) this.#nonces.shift();
  }
}
