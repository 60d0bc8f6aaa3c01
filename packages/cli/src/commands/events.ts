import type { Event } from '@volary/contract';
import type { EventQuery, VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatEvent } from '../output/event-line.ts';
import { collectList, parseCount } from '../parse-values.ts';

const PAGE_ITEMS = 200;

interface EventsOptions {
  readonly follow?: true;
  readonly after?: number;
  readonly type?: readonly Event['type'][];
  readonly vm?: string;
  readonly limit?: number;
}

/** `volary events`: the log of what happened; `-f` goes on with what happens, as JSON one event a line. */
export function configureEvents(command: Command, context: Context): void {
  command
    .option('-f, --follow', 'follow new events (from now on, unless --after is given)')
    .option('--after <sequence>', 'only events after this one', parseCount(0))
    .option('--type <types>', 'only these types, such as vm.started,vm.failed; may be repeated', collectList)
    .option('--vm <vm>', 'only those of this VM')
    .option('--limit <n>', 'show at most N', parseCount(1))
    .action(async (options: EventsOptions) => {
      const client = await connect(context);
      const { after, type: types, vm } = options;
      const query = {
        ...(after === undefined ? {} : { after }),
        ...(types === undefined ? {} : { types }),
        ...(vm === undefined ? {} : { vm }),
      };
      if (options.follow === true) await follow(context, client, query, options.limit);
      else await list(context, client, query, options.limit);
    });
}

async function follow(
  context: Context,
  client: VolaryClient,
  query: EventQuery,
  limit = Number.POSITIVE_INFINITY,
): Promise<void> {
  let left = limit;
  for await (const event of client.events.follow(query)) {
    context.stdout.write(
      context.globals.json === true ? `${JSON.stringify(event)}\n` : formatEvent(context.stdout, event),
    );
    left -= 1;
    if (left === 0) return;
  }
}

async function list(
  context: Context,
  client: VolaryClient,
  query: EventQuery,
  limit = Number.POSITIVE_INFINITY,
): Promise<void> {
  const items: Event[] = [];
  let after = query.after;
  while (items.length < limit) {
    const page = await client.events.list({
      ...query,
      ...(after === undefined ? {} : { after }),
      limit: Math.min(PAGE_ITEMS, limit - items.length),
    });
    items.push(...page.items);
    if (page.next_cursor === null || page.items.length === 0) break;
    after = Number(page.next_cursor);
  }
  if (context.globals.json === true) printJson(context, { items });
  else context.stdout.write(items.map((event) => formatEvent(context.stdout, event)).join(''));
}
