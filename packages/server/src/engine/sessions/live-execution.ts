import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import { signalName } from '../../domain/execution/signals.ts';
import { createTrouble } from '../../lib/trouble.ts';
import type { GuestExit, GuestProcess } from '../../ports/guest-link.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { executionEvent } from './execution-events.ts';
import type { GuestLinks } from './guest-links.ts';
import { createOutputHub, type OutputHub } from './output-hub.ts';
import { createOutputRecorder, type OutputRecorder } from './output-recorder.ts';
import { type NotAttached, reattach } from './reattach.ts';
import { createStdinFeed, type StdinFeed } from './stdin-feed.ts';
import { untilWanted } from './until-wanted.ts';

export type LiveDeps = Pick<EngineDeps, 'store' | 'drivers' | 'bus' | 'clock' | 'log'> & { readonly links: GuestLinks };

/** Finds the command in its guest again, or says why not; an error: it cannot be started, for good. Throws the signal's reason only. */
export type Reattach = (execution: Execution, signal: AbortSignal) => Promise<GuestProcess | NotAttached | VolaryError>;

/** How long an ended link is given before the machine is asked whether it is still there, milliseconds. */
const REATTACH_PAUSE_MS = 200;
/** The same when it fails again and again. */
const LONGEST_PAUSE_MS = 5_000;
/** Most commands are over before this, and their row need not say in between that they run. Milliseconds. */
const NOTE_RUNNING_MS = 100;

/**
 * A command that runs, from this server's side: it takes the output from the guest, keeps it, hands it to those who
 * follow, and writes the end.
 *
 *   attaching --> pumping --> over
 *       ^            |
 *       +------------+  the link was lost, or could not be had: look again after a pause
 *
 * While its VM is suspended the command is in there, and waited for. What was begun by a former server is attached to first. When the machine has ended, the execution is `lost`.
 */
export class LiveExecution {
  readonly hub: OutputHub;
  readonly stdin: StdinFeed = createStdinFeed(() => this.process());
  /** Resolves with the execution when it is over and written. Rejects only when the server stops before. */
  readonly finished: Promise<Execution>;
  readonly #deps: LiveDeps;
  readonly #signal: AbortSignal;
  readonly #reattach: Reattach;
  #execution: Execution;
  #attaching = withoutAudience<GuestProcess>();
  #recorder: OutputRecorder | null = null;

  /** Follows `execution` to its end. `process` is null when it has to be attached to first. */
  constructor(
    deps: LiveDeps,
    execution: Execution,
    process: GuestProcess | null,
    { signal, reattach: how }: { readonly signal: AbortSignal; readonly reattach?: Reattach },
  ) {
    this.#reattach = how ?? ((known, limited) => reattach(deps, known, limited));
    this.#deps = deps;
    this.#signal = signal;
    this.#execution = execution;
    this.hub = createOutputHub({ stdout: execution.stdoutBytes, stderr: execution.stderrBytes });
    this.finished = this.#run(process);
    this.finished.then(
      () => this.#attaching.reject(notRunning()),
      (error: unknown) => this.#attaching.reject(error),
    );
  }

  /** What is known of it now; its row may be a moment behind. */
  get execution(): Execution {
    return this.#execution;
  }

  /** The command in the guest; waits while it is being attached to. Rejects when the execution is over. */
  process(): Promise<GuestProcess> {
    return this.#attaching.promise;
  }

  /** Writes down all output that has been published. */
  async flush(): Promise<void> {
    await this.#recorder?.flush();
  }

  async #run(begun: GuestProcess | null): Promise<Execution> {
    const { clock, log } = this.#deps;
    const { id: executionId, vmId } = this.#execution;
    // What could not be read or written down, on a disk that is full, say: the command goes on, and is not let go of for that.
    const trouble = createTrouble({
      begins: (error) => log.warn('a command could not be followed; it is tried again', { executionId, vmId, error }),
    });
    let pauseMs = REATTACH_PAUSE_MS;
    for (let found = begun; ; found = null) {
      this.#signal.throwIfAborted();
      try {
        const ended = await this.#look(found);
        if (ended !== null) return ended;
        pauseMs = REATTACH_PAUSE_MS;
        trouble.recovered();
      } catch (error) {
        this.#signal.throwIfAborted();
        pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
        trouble.failed(error);
      }
      await clock.sleep(pauseMs, { signal: this.#signal });
    }
  }

  /** Attaches to the command, unless that has been done, and follows it; null when it is to be looked for again. */
  async #look(found: GuestProcess | null): Promise<Execution | null> {
    const looked = found ?? (await this.#reattach(this.#execution, this.#signal));
    if (looked instanceof VolaryError) return await this.#finish({ state: 'failed', error: looked.message });
    if (typeof looked === 'object') return await this.#follow(looked);
    if (looked === 'asleep') await untilWanted(this.#deps, this.#execution.vmId, this.#signal);
    else if (looked !== 'later') return await this.#finish({ state: 'lost', error: LOST[looked] });
    return null;
  }

  /** Takes the output until the command has ended; null when it was cut off from it before. */
  async #follow(guest: GuestProcess): Promise<Execution | null> {
    const { log } = this.#deps;
    const recorder = createOutputRecorder(this.#deps, this.#execution, (stream, offset) =>
      guest.acknowledge(stream, offset),
    );
    this.#recorder = recorder;
    this.stdin.begin(guest.stdinReceivedBytes);
    this.#attaching.resolve(guest);
    const noting = this.#noteRunning(guest);
    let isWritten = true;
    try {
      for await (const chunk of guest.output) {
        this.hub.publish(chunk);
        await recorder.add(chunk);
        if (!this.#execution.isWorkload) await this.hub.room();
      }
      const exit = await guest.exit;
      await noting.end();
      isWritten = false;
      const ended = await this.#finishInTheEnd({ ...describeExit(exit), ...recorder.counts() }, recorder);
      isWritten = true;
      return ended;
    } catch (error) {
      const { id, vmId } = this.#execution;
      log.info('cut off from a command; it will be attached to again', { executionId: id, vmId, error });
      this.#attaching = withoutAudience();
      await noting.end();
      await this.#learnLengths();
      return null;
    } finally {
      // Let go of after its end, the guest forgets it: a server that stops before that is written leaves it to the next one.
      if (isWritten) await guest[Symbol.asyncDispose]();
    }
  }

  /** Writes down how it ended, however long that takes: nobody else knows it but its guest. Throws the signal's reason. */
  async #finishInTheEnd(ending: Partial<Execution>, recorder: OutputRecorder): Promise<Execution> {
    const { clock, log } = this.#deps;
    for (let pauseMs = REATTACH_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs)) {
      try {
        return await this.#finish(ending, recorder);
      } catch (error) {
        this.#signal.throwIfAborted();
        const { id: executionId, vmId } = this.#execution;
        log.warn('the end of a command could not be written down; it is tried again', {
          executionId,
          vmId,
          pauseMs,
          error,
        });
      }
      await clock.sleep(pauseMs, { signal: this.#signal });
    }
  }

  /** Writes down that it runs, unless it ends at once. */
  #noteRunning(guest: GuestProcess): { end(): Promise<void> } {
    const { clock, store, log } = this.#deps;
    const isNew = this.#execution.state === 'starting' || this.#execution.startedAt === null;
    this.#execution = { ...this.#execution, state: 'running', startedAt: guest.startedAtMs };
    if (!isNew) return { end: async () => undefined };
    const over = new AbortController();
    const written = clock
      .sleep(NOTE_RUNNING_MS, { signal: AbortSignal.any([over.signal, this.#signal]) })
      .then(() => store.executions.update(this.#execution))
      .catch((error: unknown) => {
        if (!over.signal.aborted && !this.#signal.aborted)
          log.warn('that a command runs could not be written down', { executionId: this.#execution.id, error });
      });
    return {
      end: async () => {
        over.abort(new DOMException('the command is over', 'AbortError'));
        await written;
      },
    };
  }

  /** How much of its output is kept: what is missing the guest has still. */
  async #learnLengths(): Promise<void> {
    const { stdout, stderr } = await this.#deps.store.executions.outputLengths(this.#execution.id);
    this.#execution = { ...this.#execution, stdoutBytes: stdout, stderrBytes: stderr };
  }

  async #finish(ending: Partial<Execution>, recorder?: OutputRecorder): Promise<Execution> {
    const { store, bus, clock } = this.#deps;
    const now = clock.now();
    const ended: Execution = { ...this.#execution, ...ending, completedAt: now };
    const write = async (append: (tables: Tables) => Promise<void>): Promise<void> =>
      await store.transaction(async (tables) => {
        await append(tables);
        await tables.executions.update(ended);
        await tables.events.append([executionEvent('execution.completed', ended, now)]);
      });
    try {
      await (recorder === undefined ? write(async () => undefined) : recorder.flushWith(write));
    } catch (error) {
      // The VM has been deleted, and with it its executions: their end was told then.
      if (!(error instanceof VolaryError) || error.reason !== 'execution.unknown') throw error;
    }
    this.#execution = ended;
    bus.publish('events', '');
    bus.publish('execution', ended.id);
    this.hub.end({ kind: 'completed', execution: ended });
    return ended;
  }
}

const LOST = {
  'machine-over': 'The machine ended under the command.',
  'unknown-to-guest': 'The guest does not know the command: it was never begun, or its guest was started anew.',
} as const;

/** A promise that nobody need be waiting for. */
function withoutAudience<T>(): PromiseWithResolvers<T> {
  const resolvers = Promise.withResolvers<T>();
  resolvers.promise.catch(() => undefined);
  return resolvers;
}

function describeExit(exit: GuestExit): Partial<Execution> {
  return {
    state: 'exited',
    exitCode: exit.exitCode,
    signal: exit.signal === null ? null : signalName(exit.signal),
    timedOut: exit.timedOut,
  };
}

function notRunning(): VolaryError {
  return new VolaryError('failed_precondition', 'The command is not running any more.', {
    reason: 'execution.not_running',
  });
}
