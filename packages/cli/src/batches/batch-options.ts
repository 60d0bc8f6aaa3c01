import type { BatchRequest } from '@volary/contract';
import type { Command } from 'commander';
import { parseCount } from '../parse-values.ts';

export interface BatchOptions {
  readonly parallel?: number;
  readonly inOrder?: true;
  readonly stopOnError?: true;
}

/** Adds to a command how its items are gone about. */
export function addBatchOptions(command: Command): Command {
  return command
    .option('-p, --parallel <n>', 'run N at the same time, at most 32 (default 8)', parseCount(1))
    .option('--in-order', 'one after the other')
    .option('--stop-on-error', 'start no more items after one has failed');
}

/** The same for the request. */
export function batchFlags({
  parallel,
  inOrder,
  stopOnError,
}: BatchOptions): Pick<BatchRequest, 'concurrency' | 'stop_on_error'> {
  const most = inOrder === true ? 1 : parallel;
  return {
    ...(most === undefined ? {} : { concurrency: most }),
    ...(stopOnError === true ? { stop_on_error: true } : {}),
  };
}
