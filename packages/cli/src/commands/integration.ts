import type { Integration } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge } from '../output/format.ts';
import { formatTable } from '../output/table.ts';

/** `volary integration ls`: what the server is connected with, and how that is. */
export function configureIntegration(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list integrations, how they are, and what came from them last')
    .action(() => list(context));
}

async function list(context: Context): Promise<void> {
  const { items } = await (await connect(context)).integrations.list();
  if (context.globals.json === true) printJson(context, { items });
  else
    context.stdout.write(formatTable(['NAME', 'STATUS', 'TAKES', 'SENDS', 'LAST DELIVERY', 'WHY'], items.map(rowOf)));
}

function rowOf({ name, status, takes_deliveries, can_send, last_delivery: last, why, detail }: Integration) {
  const came =
    last === null
      ? '-'
      : `${[last.kind, last.action].filter((word) => word !== null).join(' ')}, ${formatAge(last.at)}`;
  return [name, status, takes_deliveries ? 'yes' : 'no', can_send ? 'yes' : 'no', came, why ?? detail ?? '-'];
}
