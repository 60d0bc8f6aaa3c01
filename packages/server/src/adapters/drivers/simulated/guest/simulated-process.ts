import { VolaryError } from '../../../../domain/errors.ts';
import type { OutputStream } from '../../../../domain/execution/execution.ts';
import type { GuestExit, GuestProcess, OutputChunk } from '../../../../ports/guest-link.ts';
import { BrokenPipe } from './byte-pipe.ts';
import type { Execution } from './execution.ts';
import { linkLost } from './guest-errors.ts';

const STREAMS = ['stdout', 'stderr'] as const satisfies readonly OutputStream[];

export interface ProcessDeps {
  readonly execution: Execution;
  readonly isAttached: boolean;
  readonly kept: Readonly<Record<OutputStream, number>>;
  /** Resolves when the link has ended. */
  readonly linkClosed: Promise<string>;
  /** Called when an ended command is let go of, and may be forgotten. */
  readonly onForget: () => void;
}

/** One link's view of a command: where it reads, and what it is told. */
export class SimulatedProcess implements GuestProcess {
  readonly pid: number;
  readonly isAttached: boolean;
  readonly startedAtMs: number;
  readonly stdinReceivedBytes: number;
  readonly exit: Promise<GuestExit>;
  readonly output: AsyncIterable<OutputChunk>;
  readonly #deps: ProcessDeps;
  readonly #positions: Record<OutputStream, number>;
  readonly #exit = Promise.withResolvers<GuestExit>();
  readonly #stopListening: () => void;
  readonly #detach: () => void;
  #changed = Promise.withResolvers<void>();
  #lost: VolaryError | null = null;

  constructor(deps: ProcessDeps) {
    this.#deps = deps;
    this.pid = deps.execution.pid;
    this.isAttached = deps.isAttached;
    this.startedAtMs = deps.execution.startedAtMs;
    this.stdinReceivedBytes = deps.execution.stdinReceivedBytes;
    this.#positions = { ...deps.kept };
    for (const stream of STREAMS) deps.execution.buffer(stream).acknowledge(deps.kept[stream]);
    this.exit = this.#exit.promise;
    // Nobody may be waiting for it when the link ends.
    this.exit.catch(() => undefined);
    this.output = this.#read();
    this.#detach = deps.execution.attach();
    this.#stopListening = deps.execution.onChange(() => this.#notify());
    void deps.linkClosed.then((why) => {
      this.#lost = linkLost(why);
      this.#detach();
      this.#exit.reject(this.#lost);
      this.#notify();
    });
    this.#settle();
  }

  acknowledge(stream: OutputStream, offset: number): void {
    this.#deps.execution.buffer(stream).acknowledge(offset);
  }

  async writeStdin(bytes: Uint8Array): Promise<void> {
    this.#requireLink();
    try {
      await this.#deps.execution.write(bytes);
    } catch (error) {
      if (!(error instanceof BrokenPipe)) throw error;
      throw new VolaryError('failed_precondition', "The command's input is closed.", {
        reason: 'execution.stdin_closed',
      });
    }
  }

  async closeStdin(): Promise<void> {
    this.#requireLink();
    this.#deps.execution.stdin.end();
  }

  async signal(signalNumber: number): Promise<void> {
    this.#requireLink();
    this.#deps.execution.signal(signalNumber);
  }

  async resize(size: { readonly rows: number; readonly columns: number }): Promise<void> {
    this.#requireLink();
    this.#deps.execution.resize(size);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening();
    this.#detach();
    if (this.#deps.execution.result !== null && this.#lost === null) this.#deps.onForget();
  }

  async *#read(): AsyncGenerator<OutputChunk> {
    for (;;) {
      if (this.#lost !== null) throw this.#lost;
      const changed = this.#changed.promise;
      let isIdle = true;
      for (const stream of STREAMS) {
        const piece = this.#deps.execution.buffer(stream).take(this.#positions[stream]);
        if (piece === null) continue;
        isIdle = false;
        this.#positions[stream] = piece.offset + piece.bytes.length;
        this.#settle();
        yield { stream, ...piece };
      }
      if (isIdle && this.#isRead()) return;
      if (isIdle) await changed;
    }
  }

  #isRead(): boolean {
    return STREAMS.every((stream) => {
      const buffer = this.#deps.execution.buffer(stream);
      return buffer.isEnded && this.#positions[stream] >= buffer.end;
    });
  }

  #settle(): void {
    const { result } = this.#deps.execution;
    if (result !== null && this.#isRead()) this.#exit.resolve(result);
  }

  #notify(): void {
    this.#settle();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #requireLink(): void {
    if (this.#lost !== null) throw this.#lost;
  }
}
