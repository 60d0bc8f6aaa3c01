/**
 * Keeps a link up: a pipe, a session over it, and the streams that outlive both.
 *
 *   connecting --pipe--> session (which renews itself) --pipe lost--> connecting ...
 *        |                                                                |
 *        +---- the machine is gone, no common version, disposed ----------+--> closed
 */
import type { Duplex } from 'node:stream';
import { VolaryError } from '../../../domain/errors.ts';
import type { GuestInfo } from '../../../ports/guest-link.ts';
import { FRAME_TYPES } from './frame.ts';
import { linkLost, noCommonVersion } from './guest-errors.ts';
import { encodePing, type HelloFromGuest } from './messages/session.ts';
import { ownCopy } from './own-memory.ts';
import { Pings } from './pings.ts';
import { Session, type SessionDeps, type SessionListener } from './session.ts';
import { StreamTable } from './stream-table.ts';
import { millisecondsOf } from './units.ts';

/**
 * Between tries to connect the pipe, milliseconds: none after one that worked, then short, since a machine that has just
 * been started has no pipe yet.
 */
const FIRST_RETRY_MS = 10;
const LAST_RETRY_MS = 500;

export interface LinkConnection {
  readonly openTransport: (options: { readonly signal: AbortSignal }) => Promise<Duplex>;
  readonly linkKey: Uint8Array;
}

export class LinkKeeper implements SessionListener {
  readonly table = new StreamTable();
  readonly pings: Pings;
  readonly #deps: SessionDeps;
  readonly #connection: LinkConnection;
  readonly #opened = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<string>();
  readonly #abort = new AbortController();
  #session: Session | null = null;
  #hello: HelloFromGuest | null = null;
  #error: VolaryError | null = null;

  constructor(deps: SessionDeps, connection: LinkConnection) {
    this.#deps = deps;
    this.#connection = connection;
    this.pings = new Pings(
      deps.clock,
      (token) => this.#session?.send(FRAME_TYPES.PING, 0, encodePing(token)),
      (sinceMs) => this.#noticeSilence(sinceMs),
    );
  }

  /** Resolves with the reason when the link is closed for good. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** What the agent said of itself last. */
  get info(): GuestInfo {
    if (this.#hello === null) throw linkLost('the agent has not answered yet');
    const { agentVersion, version, uptimeNs, bootId, capabilities } = this.#hello;
    return {
      agentVersion,
      protocolVersion: version,
      uptimeMs: millisecondsOf(uptimeNs),
      bootId: bootId.toString('hex'),
      capabilities,
    };
  }

  /** Begins. Resolves with the first session. When it rejects, the link is closed. */
  async open(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#opened.reject(signal.reason);
    if (signal.aborted) onAbort();
    else void this.#run();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#opened.promise;
    } catch (error) {
      await this.dispose();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async dispose(): Promise<void> {
    this.#close(linkLost('the link was closed'));
    await this.#session?.ended;
  }

  opened(hello: HelloFromGuest): void {
    const session = this.#session;
    if (session === null) return;
    if (hello.version === 0) {
      this.#close(noCommonVersion(hello.agentVersion));
      return;
    }
    const before = this.#hello;
    this.#hello = { ...hello, bootId: ownCopy(hello.bootId) };
    this.table.open(session, before === null || isSameAgent(before, hello));
    this.pings.repeat();
    this.#opened.resolve();
  }

  frame(frame: Parameters<SessionListener['frame']>[0]): void {
    this.table.take(frame);
  }

  pong(token: bigint): void {
    this.pings.take(token);
  }

  drained(): void {
    this.table.drained();
  }

  lost(reason: string): void {
    this.#deps.log.debug('a session with a guest has ended', { reason });
    this.table.lose();
  }

  /**
   * An agent that was restarted, or that dropped a torn frame, waits for SYNC and says nothing. If nothing at all has
   * come since the ping, a new session costs little: either the agent hears it, or it does not hear anything anyway.
   */
  #noticeSilence(sinceMs: number): void {
    const session = this.#session;
    if (session?.isOpen === true && session.lastReceivedMs < sinceMs) session.restart('the agent was silent');
  }

  /** Connects, keeps the session, connects again. */
  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#abort;
    let retryMs = FIRST_RETRY_MS;
    let hadSession = false;
    while (!signal.aborted) {
      try {
        const transport = await this.#connection.openTransport({ signal });
        if (signal.aborted) {
          transport.destroy();
          return;
        }
        hadSession = await this.#keepSession(transport);
      } catch (error) {
        if (error instanceof VolaryError && error.code === 'failed_precondition') return this.#close(error);
        if (!signal.aborted) log.debug('the way to a guest could not be connected', { error });
      }
      if (hadSession) {
        hadSession = false;
        retryMs = FIRST_RETRY_MS;
        continue;
      }
      // Rejects when the link is closed: then there is nothing to wait for.
      await clock.sleep(retryMs, { signal }).catch(() => undefined);
      retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
    }
  }

  /** Resolves when the pipe has ended, with whether the agent had ever answered over it. */
  async #keepSession(transport: Duplex): Promise<boolean> {
    const before = this.#hello;
    const session = new Session(this.#deps, transport, this.#connection.linkKey, this);
    this.#session = session;
    session.start();
    const reason = await session.ended;
    this.#session = null;
    this.#deps.log.debug('the pipe to a guest has ended', { reason });
    return this.#hello !== before;
  }

  #close(error: VolaryError): void {
    if (this.#error !== null) return;
    this.#error = error;
    this.#abort.abort(error);
    this.table.close(error.reason === 'guest.link_lost' ? error : linkLost('the link was closed', error));
    this.pings.close(linkLost('the link was closed', error));
    this.#session?.end();
    this.#opened.reject(error);
    this.#closed.resolve(error.message);
  }
}

/** An agent counts its sessions: one that counts from the start again, or that lives in another boot, knows no command of before. */
function isSameAgent(before: HelloFromGuest, now: HelloFromGuest): boolean {
  return before.bootId.equals(now.bootId) && now.sessions > before.sessions;
}
