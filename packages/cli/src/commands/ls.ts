import type { Vm, VmPhase } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge } from '../output/format.ts';
import { styledPhase } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { collectPairs } from '../parse-values.ts';
import { PHASES } from '../phases.ts';

const PAGE_ITEMS = 200;

interface LsOptions {
  readonly quiet?: true;
  readonly phase?: readonly VmPhase[];
  readonly label?: Readonly<Record<string, string>>;
  readonly selector?: string;
  readonly driver?: readonly string[];
  readonly search?: string;
}

/** `volary ls`: all VMs, as a table, as names (`-q`), or as JSON. */
export function configureLs(command: Command, context: Context): void {
  command
    .option('-q, --quiet', 'names alone')
    .addOption(new Option('--phase <phase...>', 'only those in one of these phases').choices(PHASES))
    .option('-l, --label <key=value>', 'only those with this label; may be repeated', collectPairs)
    .option('--selector <selector>', "only those with such labels: 'a=b,c!=d,e in (f,g),!h'")
    .option('--driver <driver...>', 'only those with one of these drivers')
    .option('--search <text>', 'only those with this in their name or id')
    .action((options: LsOptions) => list(context, options));
}

async function list(context: Context, options: LsOptions): Promise<void> {
  const client = await connect(context);
  const labels = Object.entries(options.label ?? {});
  const { phase, selector, driver, search } = options;
  const query = {
    limit: PAGE_ITEMS,
    ...(phase === undefined ? {} : { phase }),
    ...(selector === undefined ? {} : { selector }),
    ...(driver === undefined ? {} : { driver }),
    ...(search === undefined ? {} : { search }),
  };
  const vms: Vm[] = [];
  for await (const vm of client.vms.listAll(query)) {
    if (labels.every(([key, value]) => vm.labels[key] === value)) vms.push(vm);
  }

  if (context.globals.json === true) printJson(context, { items: vms });
  else if (options.quiet === true) context.stdout.write(vms.map((vm) => `${vm.name}\n`).join(''));
  else context.stdout.write(formatVms(context, vms));
}

/** VMs as a table. */
export function formatVms({ stdout }: Context, vms: readonly Vm[]): string {
  const rows = vms.map((vm) => [
    vm.name,
    styledPhase(stdout, vm.phase) + (vm.health === 'degraded' ? ' (silent)' : ''),
    String(vm.vcpus),
    `${vm.memory_mib} MiB`,
    `${vm.disk_gib} GiB`,
    vm.image,
    formatAge(vm.created_at),
    vm.id,
  ]);
  return formatTable(['NAME', 'PHASE', 'VCPUS', 'MEMORY', 'DISK', 'IMAGE', 'AGE', 'ID'], rows);
}
