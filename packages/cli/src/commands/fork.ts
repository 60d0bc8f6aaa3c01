import type { Fork, ForkItem } from '@volary/contract';
import { errorOfForkItem, type VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { collectPairs, parseCount } from '../parse-values.ts';
import { reportError } from '../report-error.ts';

interface ForkOptions {
  readonly count?: number;
  readonly prefix?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly wait: boolean;
}

/** `volary fork VM [NAME…]`: prints the name of each VM when it runs. */
export function configureFork(command: Command, context: Context): void {
  command
    .argument('<vm>', 'name or id of a VM that is running or paused')
    .argument('[name...]', 'names of the new VMs (default: made up from its name)')
    .option('-n, --count <n>', 'how many (default: one for each name, or 1)', parseCount(1))
    .option('--prefix <text>', 'names are this, a hyphen and a number')
    .option('-l, --label <key=value>', 'a label of the new VMs; may be repeated', collectPairs)
    .option('--no-wait', 'do not wait until they run', true)
    .action((vm: string, names: readonly string[], options: ForkOptions) => fork(context, vm, names, options));
}

function checkNames(names: readonly string[], { count, prefix }: ForkOptions): void {
  if (names.length === 0) return;
  if (prefix !== undefined) throw usageError('Give names or --prefix, not both.');
  if (count !== undefined && count !== names.length)
    throw usageError(`There are ${names.length} names, and --count is ${count}.`);
}

async function fork(context: Context, vm: string, names: readonly string[], options: ForkOptions): Promise<void> {
  const { count, prefix, label } = options;
  checkNames(names, options);
  const client = await connect(context);
  const forked = await client.vms.fork(vm, {
    ...(names.length === 0 ? {} : { names: [...names] }),
    ...(count === undefined ? {} : { count }),
    ...(prefix === undefined ? {} : { name_prefix: prefix }),
    ...(label === undefined ? {} : { labels: label }),
  });
  const items: ForkItem[] = [];
  let exitCode = 0;
  for (const item of forked.items) {
    try {
      const refusal = errorOfForkItem(item);
      if (refusal !== null) throw refusal;
      items.push(options.wait ? await finishItem(context, client, vm, item) : item);
      const name = item.vm?.name;
      if (context.globals.json !== true && name !== undefined) context.stdout.write(`${name}\n`);
    } catch (error) {
      items.push(item);
      const code = reportError(error, context);
      exitCode ||= code;
    }
  }
  if (context.globals.json === true) printJson(context, { operation: forked.operation, items } satisfies Fork);
  context.endWith(exitCode);
}

/** The item when its VM runs. Throws what its operation has failed with. */
async function finishItem(context: Context, client: VolaryClient, source: string, item: ForkItem): Promise<ForkItem> {
  const { operation } = item;
  if (operation === null) return item;
  const { name } = operation.subject;
  const titles = { doing: `Forking ${source} as ${name}`, done: `${name} is running` };
  const final = await finishOperation(context, client, operation, titles);
  return { ...item, operation: final, vm: await client.vms.get(operation.subject.id ?? name) };
}
