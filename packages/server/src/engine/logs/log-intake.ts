import type { EngineDeps } from '../deps.ts';
import { createConsoleIntake } from './console-intake.ts';
import { takeEvents } from './event-intake.ts';
import { untilDone } from './failures.ts';
import { createOutputIntake } from './output-intake.ts';

type IntakeDeps = Pick<EngineDeps, 'store' | 'drivers' | 'logs' | 'bus' | 'clock' | 'log'>;

/** Takes what guests write and what happens into the log, beside everything else: nothing waits for it. */
export interface LogIntake {
  /** Takes until the signal is aborted; resolves when nothing is under way. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Looks at consoles whose turn it is. To be called each second. */
  lookAtConsoles(): void;
  /** Takes output that hints did not tell of. To be called now and then. */
  lookAtOutput(): Promise<void>;
  /** Forgets how far sources were taken that are no more. */
  forgetGone(): Promise<void>;
}

export function createLogIntake(deps: IntakeDeps): LogIntake {
  const output = createOutputIntake(deps);
  const consoles = createConsoleIntake(deps);
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
    async forgetGone() {
      await output.forgetGone();
      await consoles.forgetGone();
    },
  };
}
