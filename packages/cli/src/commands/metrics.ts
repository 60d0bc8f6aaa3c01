import { METRIC_INTERVALS, type MetricInterval } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { drawMetrics } from '../metrics/draw-metrics.ts';

interface MetricsOptions {
  readonly interval?: MetricInterval;
}

/** `volary metrics VM`: what it used, step by step; without one: what Prometheus scrapes, as it is now. */
export function configureMetrics(command: Command, context: Context): void {
  command
    .argument('[vm]', 'its name or id')
    .addOption(new Option('--interval <time>', 'how much time to look back (default 1m)').choices(METRIC_INTERVALS))
    .action((vm: string | undefined, options: MetricsOptions) => printMetrics(context, vm, options));
}

async function printMetrics(context: Context, vm: string | undefined, { interval }: MetricsOptions): Promise<void> {
  if (vm === undefined && interval !== undefined) throw usageError('--interval is for the metrics of a VM: name it.');
  const client = await connect(context);
  if (vm === undefined) {
    context.stdout.write(await client.metrics.scrape());
    return;
  }
  const metrics = await client.metrics.get(vm, { interval: interval ?? '1m' });
  if (context.globals.json === true) printJson(context, metrics);
  else context.stdout.write(drawMetrics(metrics));
}
