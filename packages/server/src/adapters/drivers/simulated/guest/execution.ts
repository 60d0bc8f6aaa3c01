import type { ExecRequest, OutputStream } from '../../../../domain/execution/execution.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { GuestExit, GuestRuns, SupervisedRequest } from '../../../../ports/guest-link.ts';
import { BytePipe } from './byte-pipe.ts';
import type { FileTree } from './file-tree.ts';
import { OutputBuffer } from './output-buffer.ts';
import type { Program } from './programs.ts';
import { runProgram } from './shell.ts';

const SIGNALS = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 } as const;
const INTERRUPT = 3;
/** Those that end a program which has no handler, as none here has. SIGCHLD, SIGWINCH and the like do not. */
const ENDING_SIGNALS: readonly number[] = [1, 2, 3, 6, 9, 13, 14, 15];

export interface ExecutionDeps {
  readonly pid: number;
  readonly program: Program;
  readonly request: ExecRequest;
  readonly files: FileTree;
  readonly clock: Clock;
  /** When it is run again; absent: never. */
  readonly policy?: Policy;
}

type Policy = Pick<SupervisedRequest, 'restart' | 'delayMs' | 'longestDelayMs' | 'steadyMs'>;
type Ended = Pick<GuestExit, 'exitCode' | 'signal'>;

class Killed extends Error {
  readonly signalNumber: number;
  constructor(signalNumber: number) {
    super(`signal ${signalNumber}`);
    this.signalNumber = signalNumber;
  }
}

/** A command of a simulated guest: it runs by itself, whether anybody is attached or not, and keeps its output. */
export class Execution {
  readonly pid: number;
  readonly stdin = new BytePipe();
  #stdinReceivedBytes = 0;
  readonly #buffers: Readonly<Record<OutputStream, OutputBuffer>>;
  readonly #listeners = new Set<() => void>();
  #killed = new AbortController();
  readonly #deps: ExecutionDeps;
  #startedAtMs: number;
  #startedMonotonicMs: number;
  #attachedCount = 0;
  #restartsInARow = 0;
  #wanted: 'policy' | 'end' | 'run-again' = 'policy';
  /** Aborted to end the wait for the next run. */
  #waiting: AbortController | null = null;
  #runs: GuestRuns = { state: 'running', runs: 1, lastExitCode: null, lastSignal: null, lastExitAtMs: null };
  #result: GuestExit | null = null;
  #timedOut = false;
  readonly #notify: () => void;
  #terminal: ExecRequest['tty'];

  constructor(deps: ExecutionDeps) {
    this.#deps = deps;
    this.pid = deps.pid;
    this.#startedAtMs = deps.clock.now();
    this.#startedMonotonicMs = deps.clock.monotonicMs();
    this.#terminal = deps.request.tty;
    const notify = (): void => {
      for (const listener of this.#listeners) listener();
    };
    this.#notify = notify;
    const keepsNewest = (): boolean => deps.policy !== undefined && this.#attachedCount === 0;
    this.#buffers = { stdout: new OutputBuffer(notify, keepsNewest), stderr: new OutputBuffer(notify, keepsNewest) };
    if (!deps.request.hasStdin) this.stdin.end();
    void this.#run();
    if (deps.request.timeoutMs > 0) void this.#limitTime(deps.request.timeoutMs);
  }

  /** Input that it was given so far, bytes. */
  get stdinReceivedBytes(): number {
    return this.#stdinReceivedBytes;
  }

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** Of one that is run again. */
  get runs(): GuestRuns {
    return this.#runs;
  }

  /** Somebody takes its output, until the returned function is called. */
  attach(): () => void {
    this.#attachedCount += 1;
    let isAttached = true;
    return () => {
      if (isAttached) this.#attachedCount -= 1;
      isAttached = false;
      for (const buffer of Object.values(this.#buffers)) buffer.wake();
    };
  }

  /** As `SupervisedProcess.control`; what is to end here ends at once. */
  control(what: 'end' | 'run-again'): void {
    this.#wanted = what;
    if (this.#waiting === null) this.signal(SIGNALS.SIGTERM);
    else this.#waiting.abort();
  }

  /** How it ended; null while it runs. */
  get result(): GuestExit | null {
    return this.#result;
  }

  buffer(stream: OutputStream): OutputBuffer {
    return this.#buffers[stream];
  }

  /** Calls the listener at each change of output or state, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What somebody types or sends. On a terminal the interrupt character is a signal. Throws BrokenPipe. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#terminal !== null && bytes.includes(INTERRUPT)) this.signal(SIGNALS.SIGINT);
    else await this.stdin.write(bytes);
    this.#stdinReceivedBytes += bytes.length;
  }

  signal(signalNumber: number): void {
    if (!ENDING_SIGNALS.includes(signalNumber)) return;
    this.#killed.abort(new Killed(signalNumber));
    this.stdin.abandon();
    for (const buffer of Object.values(this.#buffers)) buffer.wake();
  }

  kill(): void {
    this.#wanted = 'end';
    this.#waiting?.abort();
    this.signal(SIGNALS.SIGKILL);
  }

  resize(size: { readonly rows: number; readonly columns: number }): void {
    if (this.#terminal !== null) this.#terminal = size;
  }

  async #run(): Promise<void> {
    const { program, request, files, clock } = this.#deps;
    const isOnTerminal = request.tty !== null;
    const sink = (stream: OutputStream) => ({
      write: (bytes: Uint8Array) =>
        this.#buffers[stream].write(isOnTerminal ? withReturns(bytes) : bytes, this.#killed.signal),
    });
    const stdout = sink('stdout');
    const running = runProgram(program, {
      argv: request.argv,
      env: { HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh', PATH: '/usr/bin:/bin', ...request.env },
      cwd: request.cwd === '' ? '/root' : request.cwd,
      stdin: this.stdin,
      stdout,
      stderr: isOnTerminal ? stdout : sink('stderr'),
      files,
      clock,
      terminal: () => this.#terminal,
      signal: this.#killed.signal,
    });
    const killed = new Promise<never>((_, reject) => {
      this.#killed.signal.addEventListener('abort', () => reject(this.#killed.signal.reason), { once: true });
    });
    const ended = await Promise.race([running, killed]).then(
      (exitCode) => ({ exitCode, signal: null }),
      (error: unknown) => ({ exitCode: null, signal: error instanceof Killed ? error.signalNumber : SIGNALS.SIGKILL }),
    );
    running.catch(() => undefined);
    if (this.#goesOn(ended)) await this.#runAgain(ended);
    else this.#finish(ended);
  }

  #goesOn({ exitCode }: Ended): boolean {
    const { policy } = this.#deps;
    if (policy === undefined || this.#wanted === 'end') return false;
    if (this.#wanted === 'run-again') return true;
    return policy.restart === 'always' || (policy.restart === 'on-failure' && exitCode !== 0);
  }

  async #runAgain(ended: Ended): Promise<void> {
    this.#note('waiting', ended);
    if (this.#wanted === 'policy') await this.#untilNext();
    if (this.#hasToEnd()) {
      this.#finish(ended);
      return;
    }
    this.#wanted = 'policy';
    this.#killed = new AbortController();
    this.#startedAtMs = this.#deps.clock.now();
    this.#startedMonotonicMs = this.#deps.clock.monotonicMs();
    this.#runs = { ...this.#runs, state: 'running', runs: this.#runs.runs + 1 };
    this.#notify();
    await this.#run();
  }

  /** It may have been asked for while the next run was waited for. */
  #hasToEnd(): boolean {
    return this.#wanted === 'end';
  }

  async #untilNext(): Promise<void> {
    const { clock, policy } = this.#deps;
    if (policy === undefined) return;
    if (clock.monotonicMs() - this.#startedMonotonicMs >= policy.steadyMs) this.#restartsInARow = 0;
    const delayMs = Math.min(policy.longestDelayMs, policy.delayMs * 2 ** this.#restartsInARow++);
    this.#waiting = new AbortController();
    // Called off by what is wanted instead.
    await clock.sleep(delayMs, { signal: this.#waiting.signal }).catch(() => undefined);
    this.#waiting = null;
  }

  #note(state: GuestRuns['state'], { exitCode, signal }: Ended): void {
    const lastExitAtMs = this.#deps.clock.now();
    this.#runs = { ...this.#runs, state, lastExitCode: exitCode, lastSignal: signal, lastExitAtMs };
    this.#notify();
  }

  #finish(ended: Ended): void {
    if (this.#deps.policy !== undefined) this.#note('ended', ended);
    const { stdout, stderr } = this.#buffers;
    this.#result = {
      ...ended,
      timedOut: this.#timedOut,
      stdoutBytes: stdout.end,
      stderrBytes: stderr.end,
      durationMs: this.#deps.clock.monotonicMs() - this.#startedMonotonicMs,
    };
    this.stdin.abandon();
    stdout.finish();
    stderr.finish();
  }

  async #limitTime(timeoutMs: number): Promise<void> {
    const ended = new AbortController();
    this.onChange(() => {
      if (this.#result !== null) ended.abort();
    });
    try {
      await this.#deps.clock.sleep(timeoutMs, { signal: ended.signal });
    } catch {
      // It ended within its time.
      return;
    }
    this.#timedOut = true;
    this.signal(SIGNALS.SIGTERM);
  }
}

/** As a terminal prints the ends of lines. */
function withReturns(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}
