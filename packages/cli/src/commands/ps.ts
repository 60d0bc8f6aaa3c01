import type { Execution } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { parseCount } from '../parse-values.ts';

const SHOWN_COMMAND = 60;

/** `volary ps VM`: the commands that were run in it, newest first. */
export function configurePs(command: Command, context: Context): void {
  command
    .argument('<vm>', 'name or id')
    .option('-n, --limit <n>', 'show at most N', parseCount(1), 50)
    .action(async (ref: string, { limit }: { readonly limit: number }) => {
      const client = await connect(context);
      const { items } = await client.executions.list(ref, { limit });
      if (context.globals.json === true) printJson(context, { items });
      else context.stdout.write(formatTable(['STATE', 'AGE', 'ID', 'COMMAND'], items.map(toRow)));
    });
}

function toRow(execution: Execution): readonly string[] {
  return [
    `${execution.state}${outcomeOf(execution)}`,
    formatAge(execution.created_at),
    execution.id,
    shortened(execution.argv),
  ];
}

function outcomeOf({ exit_code, signal, timed_out }: Execution): string {
  if (timed_out) return ' (timed out)';
  if (signal !== null) return ` (${signal})`;
  return exit_code === null ? '' : ` (${exit_code})`;
}

/** The command on one line, whatever bytes are in it. */
function shortened(argv: readonly string[]): string {
  const line = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return line.length > SHOWN_COMMAND ? `${line.slice(0, SHOWN_COMMAND - 1)}…` : line;
}
