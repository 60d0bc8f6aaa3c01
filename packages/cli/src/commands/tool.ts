import type { ToolEntry } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { removeNamed } from '../operations/ask-each.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addLabelUpdate } from '../operations/label-option.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge, formatBytes } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { prune } from '../prune.ts';

/** `volary tool ls|build|update|rm|prune`. */
export function configureTool(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(
    command.command('ls').description('list the tools that VMs can be given, and what was built of them'),
  ).action(async (options: SelectorOptions) => {
    const { items } = await (await connect(context)).tools.list(selectorQuery(options));
    if (context.globals.json === true) printJson(context, { items });
    else context.stdout.write(formatTools(items));
  });
  command
    .command('build')
    .description('build a tool in advance, so that no VM has to wait for it')
    .argument('<name[@range]>', 'such as nodejs@20 or bun')
    .action((text: string) => build(context, text));
  addLabelUpdate(command, context, 'a tool', (client, name, change) => client.tools.update(name, change));
  command
    .command('rm')
    .description('remove tool packs that no VM or snapshot uses')
    .argument('<ref...>', 'names (all versions), names with @version, or digests')
    .action((refs: readonly string[]) => remove(context, refs));
  command
    .command('prune')
    .description('remove packs that no VM, snapshot or template names')
    .option('-n, --dry-run', 'only list what would be removed')
    .action((options: { readonly dryRun?: true }) => prune(context, ['tools'], options));
}

async function build(context: Context, text: string): Promise<void> {
  const [, name, version] = /^([^@]+)(?:@(.+))?$/.exec(text) ?? [];
  if (name === undefined) throw usageError(`"${text}" names no tool: write it as nodejs or nodejs@20.`);
  const client = await connect(context);
  const operation = await client.tools.build(name, version === undefined ? {} : { version });
  const built = operation.subject.name;
  await finishOperation(context, client, operation, { doing: `Building ${built}`, done: `${built} is ready` });
  const packs = (await client.tools.list()).items.flatMap((entry) => entry.packs);
  const pack = packs.find((each) => `${each.name}@${each.version}` === built) ?? null;
  if (context.globals.json === true) printJson(context, pack);
  else context.stdout.write(`${built}\n`);
}

async function remove(context: Context, refs: readonly string[]): Promise<void> {
  const client = await connect(context);
  await removeNamed(context, refs, (ref) => client.tools.remove(ref), {
    titleOf: ({ name, version, digest }) => `${name}@${version} ${digest}`,
  });
}

function formatTools(entries: readonly ToolEntry[]): string {
  const rows = entries.flatMap(({ name, sources, packs }) => {
    if (packs.length === 0) return [[name, '-', sources.join(', '), '-', '-', '-']];
    return packs.map((pack) => [
      name,
      pack.version,
      sources.join(', '),
      formatBytes(pack.size_bytes),
      formatAge(pack.built_at),
      formatAge(pack.used_at),
    ]);
  });
  return formatTable(['NAME', 'BUILT', 'SOURCES', 'SIZE', 'AGE', 'LAST USED'], rows);
}
