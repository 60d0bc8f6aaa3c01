import type { MetricInterval } from '@volary/contract';
import { METRIC_INTERVALS } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { drawTop } from '../top/draw-top.ts';
import { findRows } from '../top/find-rows.ts';
import { followTop } from '../top/follow-top.ts';

interface TopOptions {
  readonly interval: MetricInterval;
  readonly every: string;
  readonly once?: true;
  readonly selector?: string;
}

/** `volary top`: what VMs use, live on a terminal; once where the output is none. */
export function configureTop(command: Command, context: Context): void {
  command
    .addOption(new Option('--interval <time>', 'how much time to look back').choices(METRIC_INTERVALS).default('1m'))
    .addOption(
      new Option('--every <seconds>', 'seconds from one look to the next').choices(['1', '2', '5', '10']).default('2'),
    )
    .option('--selector <selector>', "only VMs with such labels: 'a=b,c!=d'")
    .option('--once', 'print once, and exit')
    .action((options: TopOptions) => top(context, options));
}

async function top(context: Context, options: TopOptions): Promise<void> {
  const client = await connect(context);
  const { stdout } = context;
  const ended = new AbortController();
  const once = options.once === true || context.globals.json === true || !stdout.isTTY;
  if (once) {
    const rows = await findRows(client, options, ended);
    if (context.globals.json === true) printJson(context, { items: rows.map(({ vm, metrics }) => ({ vm, metrics })) });
    else stdout.write(drawTop(rows, { hasCurves: false }));
    return;
  }
  const end = (): void => ended.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    await followTop((signal) => findRows(client, options, { signal }), {
      ...{ stdout, signal: ended.signal, everyMs: Number(options.every) * 1_000 },
      title: `last ${options.interval}, every ${options.every} s; Ctrl-C ends`,
    });
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
