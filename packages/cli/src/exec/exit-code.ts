import { constants } from 'node:os';
import type { Execution } from '@volary/contract';
import { CliError } from '../errors.ts';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';

/** The code that a finished execution makes us end with. Throws a `CliError` where its command never ran, or its end is unknown. */
export function exitCodeOf(execution: Execution): ExitCode {
  if (execution.timed_out) return EXIT_CODES.timedOut;
  if (execution.exit_code !== null) return execution.exit_code;
  if (execution.signal !== null) return 128 + signalNumber(execution.signal);
  const isLost = execution.state === 'lost';
  throw new CliError(
    execution.error ?? (isLost ? 'The VM ended under the command.' : 'The command could not be run.'),
    {
      exitCode: EXIT_CODES.execFailed,
      reason: isLost ? 'execution.lost' : 'execution.not_started',
      ...(isLost ? { hint: `what it wrote until then: volary logs ${execution.id}` } : {}),
    },
  );
}

/** The number of a signal's name, in Linux's numbering for x86-64; real-time ones as `SIGRTMIN+n`. */
function signalNumber(name: string): number {
  const known = Object.entries(constants.signals).find(([candidate]) => candidate === name);
  if (known !== undefined) return known[1];
  return 34 + Number(/^SIGRTMIN\+(\d+)$/.exec(name)?.[1] ?? 0);
}
