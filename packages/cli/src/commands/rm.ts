import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';
import { parseDurationMs } from '../parse-values.ts';

interface RmOptions {
  readonly wait: boolean;
  readonly force?: true;
  readonly preserveVolumes?: true;
  /** Milliseconds. */
  readonly grace?: number;
}

/** `volary rm VM…`: asked for on a terminal only if several are to go, since each takes its disk with it. */
export function configureRm(command: Command, context: Context): void {
  addChangeArguments(command)
    .option('-f, --force', 'do not ask')
    .option('--grace <time>', 'how long guests may take to shut down, such as 10s (default: none)', parseDurationMs)
    .option('--preserve-volumes', 'keep its root and its own disks, as volumes')
    .action(async (refs: readonly string[], options: RmOptions) => {
      if (options.force !== true && options.preserveVolumes !== true && refs.length > 1 && context.stdin.isTTY)
        await ask(context, refs);
      const { preserveVolumes = false, grace } = options;
      await changeVms(context, refs, options, ['Deleting', 'deleted'], (client, ref) =>
        client.vms.delete(ref, { preserveVolumes, ...(grace === undefined ? {} : { graceMs: grace }) }),
      );
    });
}

async function ask({ stdin, stderr }: Context, refs: readonly string[]): Promise<void> {
  using lines = createInterface({ input: stdin, output: stderr });
  const answer = await lines.question(`Delete ${refs.join(', ')} with their disks? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw usageError('Nothing was deleted.');
}
