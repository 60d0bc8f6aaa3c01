import { ALERT_KINDS, type Alert, type AlertKind } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge } from '../output/format.ts';
import { formatTable } from '../output/table.ts';

interface ListOptions {
  readonly vm?: string;
  readonly kind?: AlertKind;
  readonly all?: true;
}

/** Alerts that are shown at most. */
const SHOWN = 200;

/** `volary alert ls`: what is wrong with VMs. */
export function configureAlert(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list firing alerts, newest first')
    .option('--vm <vm>', 'only alerts of this VM')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(ALERT_KINDS))
    .option('-a, --all', 'also resolved ones')
    .action((options: ListOptions) => list(context, options));
}

async function list(context: Context, { vm, kind, all }: ListOptions): Promise<void> {
  const page = await (await connect(context)).alerts.list({
    limit: SHOWN,
    ...(vm === undefined ? {} : { vm }),
    ...(kind === undefined ? {} : { kind }),
    ...(all === true ? {} : { state: 'firing' as const }),
  });
  if (context.globals.json === true) printJson(context, page);
  else context.stdout.write(formatTable(['VM', 'KIND', 'STATE', 'FIRED', 'WHY'], page.items.map(rowOf)));
}

function rowOf({ vm_name, kind, state, fired_at, message }: Alert): readonly string[] {
  return [vm_name, kind, state, formatAge(fired_at), message];
}
