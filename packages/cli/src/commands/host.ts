import { type Host, METRIC_INTERVALS, type MetricInterval } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { drawMetrics } from '../metrics/draw-metrics.ts';
import { formatTable } from '../output/table.ts';

/** `volary host ls|metrics`: the machines that VMs run on. */
export function configureHost(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list the machines that VMs run on')
    .action(() => list(context));
  command
    .command('metrics')
    .description('show what a host used, step by step')
    .argument('[host]', 'its id or name (default: the first one)')
    .addOption(new Option('--interval <time>', 'how much time to look back').choices(METRIC_INTERVALS).default('1m'))
    .action((host: string | undefined, options: { readonly interval: MetricInterval }) =>
      showMetrics(context, host, options),
    );
}

async function list(context: Context): Promise<void> {
  const page = await (await connect(context)).hosts.list();
  if (context.globals.json === true) return printJson(context, page);
  const head = ['NAME', 'DRIVER', 'CPUS', 'MEMORY FREE', 'DISK FREE', 'VMS', 'KERNEL'];
  context.stdout.write(formatTable(head, page.items.map(rowOf)));
}

function rowOf(host: Host): readonly string[] {
  return [
    ...[host.name, host.driver, String(host.cpus)],
    `${host.memory_available_mib} of ${host.memory_mib} MiB`,
    `${host.disk_available_gib} of ${host.disk_gib} GiB`,
    ...[String(host.vm_count), host.kernel_version],
  ];
}

async function showMetrics(
  context: Context,
  host: string | undefined,
  { interval }: { readonly interval: MetricInterval },
): Promise<void> {
  const client = await connect(context);
  const ref = host ?? (await client.hosts.list()).items[0]?.id ?? '';
  const metrics = await client.metrics.ofHost(ref, { interval });
  if (context.globals.json === true) printJson(context, metrics);
  else context.stdout.write(drawMetrics(metrics));
}
