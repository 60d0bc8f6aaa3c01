import type { VmId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import { createConsoleIntake } from './console-intake.ts';
import { takeEvents } from './event-intake.ts';
import { untilDone } from './failures.ts';
import { createOutputIntake } from './output-intake.ts';

type IntakeDeps = Pick<EngineDeps, 'store' | 'drivers' | 'logs' | 'bus' | 'clock' | 'log'> & {
  /** Writes down all that has come from the workload of a VM. */
  readonly flushOutput: (vmId: VmId) => Promise<void>;
};

/** How long the deletion of a VM waits at most until what it said is taken, milliseconds. */
const DRAIN_MS = 5_000;

/**
 * What a VM has said that could not be taken: its console, and the sources of its workload. It is kept in memory only:
 * a server that dies after the disk is removed and before `tellLost` leaves no line about it.
 */
export interface Untaken {
  readonly hasConsole: boolean;
  readonly sources: readonly string[];
}

/** Takes what guests write and what happens into the log, beside everything else: nothing waits for it. */
export interface LogIntake {
  /** Takes until the signal is aborted; resolves when nothing is under way. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Looks at consoles whose turn it is. To be called each second. */
  lookAtConsoles(): void;
  /** Takes output that hints did not tell of. To be called now and then. */
  lookAtOutput(): Promise<void>;
  /**
   * Takes all that a VM has said, within some seconds, and answers with what could not be taken. To be called when its machine is gone, and before what
   * is kept of it is removed. Repeating it is safe. Throws the signal's reason only.
   */
  drain(vm: Vm, options: { readonly signal: AbortSignal }): Promise<Untaken>;
  /** Says in the log what of a VM was not taken and is removed now. Repeating it is safe. Throws nothing. */
  tellLost(vm: Vm, untaken: Untaken): Promise<void>;
  /** Forgets how far sources were taken that are no more. */
  forgetGone(): Promise<void>;
}

export function createLogIntake(deps: IntakeDeps): LogIntake {
  const output = createOutputIntake(deps);
  const consoles = createConsoleIntake(deps);

  function warnOf({ id: vmId }: Vm, outcome: PromiseSettledResult<unknown>): void {
    if (outcome.status === 'rejected')
      deps.log.warn('what a deleted VM has said is not all taken into the log', { vmId, error: outcome.reason });
  }

  return {
    async run({ signal }) {
      output.start();
      consoles.start();
      await Promise.all([
        takeEvents(deps, { signal }),
        untilDone(deps, { source: 'output', signal }, () => output.findRest()),
        untilDone(deps, { source: 'console', signal }, () => consoles.findAll()),
      ]);
      await Promise.all([output.stop(), consoles.stop()]);
    },
    lookAtConsoles: () => consoles.look(),
    lookAtOutput: () => output.look(),
    async drain(vm, { signal }) {
      const bound = { timeoutMs: DRAIN_MS, signal };
      const [flushed] = await Promise.allSettled([deps.flushOutput(vm.id)]);
      // Neither is left at work when its VM goes, whatever becomes of the other.
      const [sources, taken] = await Promise.allSettled([output.drain(vm, bound), consoles.drain(vm, bound)]);
      signal.throwIfAborted();
      for (const outcome of [flushed, sources, taken]) warnOf(vm, outcome);
      return {
        hasConsole: taken.status === 'fulfilled' && !taken.value,
        sources: sources.status === 'fulfilled' ? sources.value : [],
      };
    },
    async tellLost(vm, { hasConsole, sources }) {
      const told = await Promise.allSettled([
        ...(hasConsole ? [consoles.tellLost(vm)] : []),
        ...sources.map((source) => output.tellLost(source)),
      ]);
      for (const outcome of told) warnOf(vm, outcome);
    },
    async forgetGone() {
      await output.forgetGone();
      await consoles.forgetGone();
    },
  };
}
