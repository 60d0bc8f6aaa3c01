import type { BatchItemRequest, BatchRequest } from '@volary/contract';
import { usageError } from '../errors.ts';
import { type CommandOptions, commandFields } from '../exec/command-options.ts';
import { type BatchOptions, batchFlags } from './batch-options.ts';

export interface ExecBatchOptions extends BatchOptions, CommandOptions {
  readonly selector?: string;
}

/**
 * The request for one command in many VMs. `words` are names and, after them, `command`: what stood behind `--`, null where there was none.
 */
export function toExecBatch(
  words: readonly string[],
  command: readonly string[] | null,
  options: ExecBatchOptions,
): BatchRequest {
  const argv = command ?? [];
  const names = words.slice(0, words.length - argv.length);
  // A `--` that was the value of an option began no command.
  const isBehind = argv.length > 0 && words.slice(names.length).every((word, at) => word === argv[at]);
  if (!isBehind) throw usageError('Put the command behind --.', 'volary batch exec --selector app=web -- uptime');
  const { selector } = options;
  const meant: readonly Pick<BatchItemRequest, 'vm' | 'selector'>[] = [
    ...[...new Set(names)].map((vm) => ({ vm })),
    ...(selector === undefined ? [] : [{ selector }]),
  ];
  if (meant.length === 0) throw usageError('Say in which VMs: by names, or by --selector.', 'volary help batch');
  const run = { ...commandFields(options), argv: [...argv] };
  return { items: meant.map((which) => ({ action: 'exec', ...which, ...run })), ...batchFlags(options) };
}
