import type { Duplex } from 'node:stream';
import type { VolaryError } from '../../../../domain/errors.ts';
import { createHintQueue, type HintQueue } from '../../../shared/hint-queue.ts';
import {
  QMP_ERROR,
  QMP_EVENT,
  QMP_GREETING,
  QMP_RESULTS,
  QMP_RETURN,
  type QmpArguments,
  type QmpCommand,
  type QmpEvent,
  type QmpResult,
} from './commands.ts';
import { qmpClosed, qmpHeld, qmpRefused, qmpSilent, qmpViolation } from './errors.ts';
import { createLineReader } from './line-reader.ts';

/** Every wait is bounded: a monitor that does not answer in this time is treated as one that does not answer. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A monitor greets at once, or it is talking to somebody else. */
const GREETING_TIMEOUT_MS = 1_000;
/** The longest answer is 64 KiB of console as base64. */
const LINE_BYTES = 1024 * 1024;
const EVENT_CAPACITY = 256;

interface Waiter {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A client of QEMU's monitor protocol on one connected socket, for the commands in `commands.ts`.
 *
 *   greeting awaited --> negotiating --> open --> closed
 *
 * Answers find their question by id, so that many may be under way. Lines that are no QMP are skipped; a line without
 * end, or an answer of the wrong shape, is not. Once closed, every question asked before or later is rejected.
 */
export class QmpClient implements AsyncDisposable {
  /** Resolves with the cause when the connection has ended, by either side. Never rejects. */
  readonly closed: Promise<VolaryError>;
  readonly #socket: Duplex;
  readonly #waiters = new Map<number, Waiter>();
  readonly #listeners = new Set<HintQueue<QmpEvent>>();
  readonly #reader = createLineReader(LINE_BYTES);
  readonly #greeted = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<VolaryError>();
  #end: VolaryError | null = null;
  #nextId = 1;

  private constructor(socket: Duplex) {
    this.#socket = socket;
    this.closed = this.#closed.promise;
    // Both may be rejected while nobody waits for them yet.
    this.#greeted.promise.catch(() => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#close(qmpClosed(error)));
    socket.on('end', () => this.#close(qmpClosed()));
    socket.on('close', () => this.#close(qmpClosed()));
  }

  /**
   * Takes over a connected socket: awaits the greeting and negotiates. Closes the socket if that fails.
   * Throws `unavailable` driver.qmp_held when no greeting comes, driver.qmp_closed, driver.qmp_violation.
   */
  static async open(socket: Duplex, options: { readonly greetingTimeoutMs?: number } = {}): Promise<QmpClient> {
    const client = new QmpClient(socket);
    const timeoutMs = options.greetingTimeoutMs ?? GREETING_TIMEOUT_MS;
    const timer = setTimeout(() => client.#close(qmpHeld(timeoutMs)), timeoutMs);
    try {
      await client.#greeted.promise;
    } finally {
      clearTimeout(timer);
    }
    try {
      await client.execute('qmp_capabilities', null);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Carries out one command. Throws `failed_precondition` driver.qmp_refused, `deadline_exceeded` driver.qmp_silent,
   * `unavailable` driver.qmp_closed, driver.qmp_violation.
   */
  async execute<C extends QmpCommand>(
    command: C,
    args: QmpArguments[C],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<QmpResult<C>> {
    const result = await this.#ask(command, args, options.timeoutMs ?? ANSWER_TIMEOUT_MS);
    if (isResult(command, result)) return result;
    throw qmpViolation(`an answer to ${command} of another shape`);
  }

  /** Events from now on, each to every listener, until the connection ends or the signal is aborted. */
  events(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<QmpEvent> {
    const queue = createHintQueue<QmpEvent>({ capacity: EVENT_CAPACITY, ...options });
    if (this.#end !== null) {
      queue.end();
      return queue;
    }
    this.#listeners.add(queue);
    options.signal?.addEventListener('abort', () => this.#listeners.delete(queue), { once: true });
    return queue;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(qmpClosed());
    await this.closed;
  }

  #ask(command: string, args: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#end !== null) return Promise.reject(this.#end);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(id);
        reject(qmpSilent(command, timeoutMs));
      }, timeoutMs);
      this.#waiters.set(id, { command, resolve, reject, timer });
      this.#socket.write(
        `${JSON.stringify({ execute: command, ...(args === null ? {} : { arguments: args }), id })}\n`,
      );
    });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#reader.push(chunk)) this.#receiveLine(line);
    } catch (error) {
      this.#close(qmpViolation('a line without end', error));
    }
  }

  #receiveLine(line: string): void {
    const message = parseJson(line);
    if (QMP_RETURN(message)) this.#take(message.id)?.resolve(message.return);
    else if (QMP_ERROR(message)) {
      const waiter = message.id === undefined ? undefined : this.#take(message.id);
      waiter?.reject(qmpRefused(waiter.command, message.error));
    } else if (QMP_EVENT(message)) for (const listener of this.#listeners) listener.push(message);
    else if (QMP_GREETING(message)) this.#greeted.resolve();
  }

  #take(id: number): Waiter | undefined {
    const waiter = this.#waiters.get(id);
    if (waiter !== undefined) clearTimeout(waiter.timer);
    this.#waiters.delete(id);
    return waiter;
  }

  #close(cause: VolaryError): void {
    if (this.#end !== null) return;
    this.#end = cause;
    this.#socket.destroy();
    this.#greeted.reject(cause);
    for (const id of [...this.#waiters.keys()]) this.#take(id)?.reject(cause);
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
    this.#closed.resolve(cause);
  }
}

function isResult<C extends QmpCommand>(command: C, value: unknown): value is QmpResult<C> {
  return QMP_RESULTS[command](value);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not a message; whoever waits for one is told by the time-out of its wait.
    return null;
  }
}
