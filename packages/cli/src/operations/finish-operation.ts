import type { Operation } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { ProgressUpdate } from '../output/progress.ts';
import { stageFor } from './stage-for.ts';

export interface Titles {
  /** While it is under way: `Creating first`. */
  readonly doing: string;
  /** When it has succeeded: `first is running`. */
  readonly done: string;
}

/**
 * Shows an operation's progress on stderr until it is final, and returns it. Throws its error if it does not succeed.
 * An interrupt, or the end of `timeoutMs`, ends the waiting alone, and says so: the operation goes on.
 */
export async function finishOperation(
  context: Context,
  client: VolaryClient,
  operation: Operation,
  titles: Titles,
  { timeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<Operation> {
  const patience = timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.min(timeoutMs, LONGEST_MS));
  using stage = stageFor(context, titles.doing);
  const onInterrupt = (): void => {
    stage?.leave(`${titles.doing} goes on: volary wait ${operation.id} (or volary cancel ${operation.id})`);
    process.exit(128 + 2);
  };
  process.once('SIGINT', onInterrupt);
  try {
    const final = await client.operations.finish(operation.id, {
      signal: patience,
      onUpdate: (now) => stage?.update(progressOf(now)),
    });
    stage?.succeed(titles.done);
    return final;
  } catch (error) {
    stage?.fail();
    throw patience?.aborted === true ? notYet(operation) : error;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** What a timer of Node.js can wait for: some 25 days. */
const LONGEST_MS = 2 ** 31 - 1;

function notYet({ id, kind }: Operation): CliError {
  return new CliError(`${kind} is not over after the time that was given.`, {
    exitCode: EXIT_CODES.precondition,
    reason: 'operation.wait_timeout',
    hint: `it goes on: volary wait ${id}, or volary cancel ${id}`,
  });
}

/** What an operation is doing now, for people. */
function progressOf(operation: Operation): ProgressUpdate {
  const step = operation.steps.findLast((candidate) => candidate.state === 'running');
  const attempt = step !== undefined && step.attempt > 1 ? ` (try ${step.attempt})` : '';
  const name = step === undefined ? '' : `${step.name.replaceAll('-', ' ')}${attempt}`;
  const { fraction = null, message = '' } = operation.progress ?? {};
  return { fraction, message: [name, message].filter((part) => part !== '').join(': ') };
}
