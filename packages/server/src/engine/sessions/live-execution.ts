/**
 * A command that runs, from this server's side: it takes the output from the guest, keeps it, hands it to those who
 * follow, and writes the end. When the link is lost under it, or this server was restarted, it attaches again and
 * goes on from what is kept; when the machine has ended, the execution is `lost`.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import { signalName } from '../../domain/execution/signals.ts';
import type { GuestExit, GuestProcess } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { executionEvent } from './execution-events.ts';
import type { GuestLinks } from './guest-links.ts';
import { createOutputHub, type OutputHub } from './output-hub.ts';
import { createOutputRecorder, type OutputRecorder } from './output-recorder.ts';

export type LiveDeps = Pick<EngineDeps, 'store' | 'driver' | 'bus' | 'clock' | 'log'> & { readonly links: GuestLinks };

export interface LiveExecution {
  readonly hub: OutputHub;
  /** The command in the guest; waits while it is being attached to. Rejects when the execution is over. */
  process(): Promise<GuestProcess>;
  /** Writes down all output that has been published. */
  flush(): Promise<void>;
  /** Bytes of input that the guest has been given. */
  stdinBytes: number;
  /** Resolves with the execution when it is over and written. Rejects only when the server stops before. */
  readonly finished: Promise<Execution>;
}

/** How long an ended link is given before the machine is asked whether it is still there, milliseconds. */
const REATTACH_PAUSE_MS = 200;

/** Follows `execution` to its end. `process` is null when it has to be attached to first. */
export function followExecution(
  deps: LiveDeps,
  execution: Execution,
  process: GuestProcess | null,
  signal: AbortSignal,
): LiveExecution {
  const hub = createOutputHub({ stdout: execution.stdoutBytes, stderr: execution.stderrBytes });
  let attaching = Promise.withResolvers<GuestProcess>();
  attaching.promise.catch(() => undefined);
  let recorder: OutputRecorder | null = null;

  async function run(): Promise<Execution> {
    let guest = process;
    let known = execution;
    for (;;) {
      signal.throwIfAborted();
      guest ??= await reattach(deps, known, signal);
      if (guest === null)
        return await finish(deps, known, { state: 'lost', error: 'The machine ended under the command.' }, hub);
      attaching.resolve(guest);
      recorder = createRecorder(deps, known, guest);
      const outcome = await pump(deps, known, guest, hub, recorder);
      if (outcome.kind === 'ended') return outcome.execution;
      deps.log.info('attaching to a command again', {
        executionId: execution.id,
        vmId: execution.vmId,
        error: outcome.error,
      });
      attaching = Promise.withResolvers<GuestProcess>();
      // Nobody need be waiting for it.
      attaching.promise.catch(() => undefined);
      guest = null;
      known = await withKeptLengths(deps, known);
      await deps.clock.sleep(REATTACH_PAUSE_MS, { signal });
    }
  }

  const finished = run();
  finished.then(
    () => attaching.reject(notRunning()),
    (error: unknown) => attaching.reject(error),
  );
  return {
    hub,
    process: () => attaching.promise,
    flush: async () => recorder?.flush(),
    stdinBytes: 0,
    finished,
  };
}

type Outcome =
  | { readonly kind: 'ended'; readonly execution: Execution }
  | { readonly kind: 'cut'; readonly error: unknown };

function createRecorder(deps: LiveDeps, execution: Execution, guest: GuestProcess): OutputRecorder {
  return createOutputRecorder(deps, execution, (stream, offset) => guest.acknowledge(stream, offset));
}

async function pump(
  deps: LiveDeps,
  execution: Execution,
  guest: GuestProcess,
  hub: OutputHub,
  recorder: OutputRecorder,
): Promise<Outcome> {
  try {
    for await (const chunk of guest.output) {
      hub.publish(chunk);
      await recorder.add(chunk);
      await hub.room();
    }
    const exit = await guest.exit;
    const ended = await finish(
      deps,
      { ...execution, ...recorder.counts() },
      describeExit(exit),
      hub,
      recorder.flushInto,
    );
    await guest[Symbol.asyncDispose]();
    return { kind: 'ended', execution: ended };
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    return { kind: 'cut', error };
  }
}

async function finish(
  deps: LiveDeps,
  execution: Execution,
  ending: Partial<Execution>,
  hub: OutputHub,
  flushInto?: (tables: Parameters<Parameters<LiveDeps['store']['transaction']>[0]>[0]) => Promise<void>,
): Promise<Execution> {
  const now = deps.clock.now();
  const ended: Execution = { ...execution, ...ending, completedAt: now };
  await deps.store.transaction(async (tables) => {
    await flushInto?.(tables);
    await tables.executions.update(ended);
    await tables.events.append([executionEvent('execution.completed', ended, now)]);
  });
  deps.bus.publish('events', '');
  deps.bus.publish('execution', ended.id);
  hub.end({ kind: 'completed', execution: ended });
  return ended;
}

/** The command, attached to again; null when its machine's life is over or the guest does not know it. */
async function reattach(deps: LiveDeps, execution: Execution, signal: AbortSignal): Promise<GuestProcess | null> {
  const vm = await deps.store.vms.get(execution.vmId);
  if (vm === null || vm.incarnation !== execution.incarnation) return null;
  const { machine } = await deps.driver.inspect(execution.vmId, { signal });
  if (machine.kind === 'absent' || machine.kind === 'ended' || machine.incarnation !== execution.incarnation)
    return null;
  try {
    const link = await deps.links.open(execution.vmId, { signal });
    const { stdoutBytes, stderrBytes } = execution;
    return await link.attach(
      execution.id,
      { stdoutBytes, stderrBytes, isTty: execution.request.tty !== null },
      { signal },
    );
  } catch (error) {
    if (error instanceof VolaryError && error.reason === 'execution.unknown_to_guest') return null;
    if (error instanceof VolaryError && error.reason === 'guest.link_lost')
      return await reattach(deps, execution, signal);
    throw error;
  }
}

async function withKeptLengths({ store }: LiveDeps, execution: Execution): Promise<Execution> {
  const { stdout, stderr } = await store.executions.outputLengths(execution.id);
  return { ...execution, stdoutBytes: stdout, stderrBytes: stderr };
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
