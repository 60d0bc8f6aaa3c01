import type { Image, ImageEntry } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { configureImport } from '../images/import-image.ts';
import { removeNamed } from '../operations/ask-each.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addLabelUpdate } from '../operations/label-option.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge, formatBytes } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { prune } from '../prune.ts';

/** `volary image ls|import|create|build|update|rm|prune`. */
export function configureImage(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(
    command.command('ls').description('list images, what was made of them, and when they were used'),
  ).action(async (options: SelectorOptions) => {
    const { items } = await (await connect(context)).images.list(selectorQuery(options));
    if (context.globals.json === true) printJson(context, { items });
    else context.stdout.write(formatImages(items));
  });
  configureImport(command, context);
  command
    .command('build')
    .description('build a built-in or defined image, unless it exists')
    .argument('[name]', 'its name', 'base')
    .action((name: string) => build(context, name));
  addLabelUpdate(command, context, 'an image', (client, name, change) => client.images.update(name, change));
  command
    .command('rm')
    .description('remove images that nothing uses')
    .argument('<ref...>', 'names (all versions), or digests')
    .action((refs: readonly string[]) => remove(context, refs));
  command
    .command('prune')
    .description('remove older versions of images that nothing uses')
    .option('-n, --dry-run', 'only list what would be removed')
    .action((options: { readonly dryRun?: true }) => prune(context, ['images'], options));
}

async function build(context: Context, name: string): Promise<void> {
  const client = await connect(context);
  const operation = await client.images.build(name);
  await finishOperation(context, client, operation, {
    doing: `Building the image ${name}`,
    done: `The image ${name} is ready`,
  });
  const entry = (await client.images.list()).items.find((candidate) => candidate.name === name);
  if (context.globals.json === true) printJson(context, entry?.current ?? null);
  else context.stdout.write(`${name}\n`);
}

async function remove(context: Context, refs: readonly string[]): Promise<void> {
  const client = await connect(context);
  await removeNamed(context, refs, (ref) => client.images.remove(ref), {
    titleOf: ({ name, digest }) => `${name} ${digest}`,
  });
}

function formatImages(entries: readonly ImageEntry[]): string {
  const row = (name: string, image: Image, note: string, used: string) => [
    name,
    image.digest.slice(0, 12),
    note,
    formatBytes(image.size_bytes),
    image.kernel_version ?? image.firmware ?? '-',
    formatAge(image.built_at),
    used,
  ];
  const rows = entries.flatMap(({ name, current, older, last_used_at: usedAt, is_built_in: isBuiltIn, owner }) => {
    const used = usedAt === null ? '-' : formatAge(usedAt);
    // Nobody here says what it stands for: its images lie in a cache that other servers share, or VMs hold them.
    if (current === null && owner === null && !isBuiltIn)
      return older.map((image) => row(name, image, 'undefined', used));
    return [
      current === null ? [name, '-', 'not built', '-', '-', '-', used] : row(name, current, 'ready', used),
      ...older.map((image) => row(name, image, 'older', '-')),
    ];
  });
  return formatTable(['NAME', 'DIGEST', 'STATE', 'SIZE', 'STARTS BY', 'AGE', 'LAST USED'], rows);
}
