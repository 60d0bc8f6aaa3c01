import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';

interface RmOptions {
  readonly wait: boolean;
  readonly force?: true;
  readonly preserveVolumes?: true;
}

/** `volary rm VM…`: asked for on a terminal only if several are to go, since each takes its disk with it. */
export function configureRm(command: Command, context: Context): void {
  addChangeArguments(command)
    .option('-f, --force', 'do not ask')
    .option('--preserve-volumes', 'keep its root and its own disks, as volumes')
    .action(async (refs: readonly string[], options: RmOptions) => {
      if (options.force !== true && options.preserveVolumes !== true && refs.length > 1 && context.stdin.isTTY)
        await ask(context, refs);
      const { preserveVolumes = false } = options;
      await changeVms(context, refs, options, ['Deleting', 'deleted'], (client, ref) =>
        client.vms.delete(ref, { preserveVolumes }),
      );
    });
}

async function ask({ stdin, stderr }: Context, refs: readonly string[]): Promise<void> {
  using lines = createInterface({ input: stdin, output: stderr });
  const answer = await lines.question(`Delete ${refs.join(', ')} with their disks? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw usageError('Nothing was deleted.');
}
