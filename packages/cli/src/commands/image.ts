import type { Image, ImageEntry } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { formatAge, formatBytes } from '../output/format.ts';
import { formatTable } from '../output/table.ts';

/** `volary image ls|build|rm`. */
export function configureImage(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list recipes, and what was built of them')
    .action(async () => {
      const { items } = await (await connect(context)).images.list();
      if (context.globals.json === true) printJson(context, { items });
      else context.stdout.write(formatImages(items));
    });
  command
    .command('build')
    .description('build an image, unless it is there')
    .argument('[name]', 'recipe', 'base')
    .action((name: string) => build(context, name));
  command
    .command('rm')
    .description('remove images that no VM needs')
    .argument('<ref...>', 'names (all versions), or digests')
    .action((refs: readonly string[]) => remove(context, refs));
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
  const items: Image[] = [];
  for (const ref of refs) items.push(...(await client.images.remove(ref)).items);
  if (context.globals.json === true) printJson(context, { items });
  else context.stdout.write(items.map((image) => `${image.name} ${image.digest}\n`).join(''));
}

function formatImages(entries: readonly ImageEntry[]): string {
  const row = (name: string, image: Image, note: string) => [
    name,
    image.digest.slice(0, 12),
    note,
    formatBytes(image.size_bytes),
    image.kernel_version ?? image.firmware ?? '-',
    formatAge(image.built_at),
  ];
  const rows = entries.flatMap(({ name, current, older }) => [
    current === null ? [name, '-', 'not built', '-', '-', '-'] : row(name, current, 'ready'),
    ...older.map((image) => row(name, image, 'older')),
  ]);
  return formatTable(['NAME', 'DIGEST', 'STATE', 'SIZE', 'KERNEL', 'AGE'], rows);
}
