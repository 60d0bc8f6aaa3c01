import type { MetricInterval } from '@volary/contract';
import { METRIC_INTERVALS } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { VolaryApiError } from '@volary/sdk';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { drawTop, type TopRow } from '../top/draw-top.ts';
import { followTop } from '../top/follow-top.ts';

/** VMs that are asked about at the same time. */
const AT_ONCE = 8;
const PAGE_ITEMS = 200;
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
    .option('--once', 'look once, and end')
    .action((options: TopOptions) => top(context, options));
}

async function top(context: Context, options: TopOptions): Promise<void> {
  const client = await connect(context);
  const { stdout } = context;
  const once = options.once === true || context.globals.json === true || !stdout.isTTY;
  if (once) {
    const rows = await look(client, options);
    if (context.globals.json === true) printJson(context, { items: rows.map(({ vm, metrics }) => ({ vm, metrics })) });
    else stdout.write(drawTop(rows, { hasCurves: false }));
    return;
  }
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    await followTop(() => look(client, options), {
      ...{ stdout, signal: ended.signal, everyMs: Number(options.every) * 1_000 },
      title: `last ${options.interval}, every ${options.every} s; Ctrl-C ends`,
    });
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}

async function look(client: VolaryClient, { interval, selector }: TopOptions): Promise<readonly TopRow[]> {
  const rows: TopRow[] = [];
  const vms = [];
  for await (const vm of client.vms.listAll({ limit: PAGE_ITEMS, ...(selector === undefined ? {} : { selector }) }))
    vms.push(vm);
  const waiting = vms.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const vm of waiting) {
        const metrics = await client.metrics.get(vm.id, { interval }).catch((error: unknown) => {
          // Deleted between the list and now.
          if (error instanceof VolaryApiError && error.status === 404) return null;
          throw error;
        });
        rows.push({ vm, metrics });
      }
    }),
  );
  return rows;
}
