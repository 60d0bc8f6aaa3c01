import type { BuildWarmTemplateRequest, WarmTemplate } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { askEach } from '../operations/ask-each.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { formatAge, formatBytes } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { parseCount, parseDiskGib, parseMemoryMib } from '../parse-values.ts';

interface BuildOptions {
  readonly image?: string;
  readonly vcpus?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly network?: 'user' | 'none';
}

/** `volary template warm ls|build|rm`. */
export function addWarmCommands(command: Command, context: Context): void {
  const warm = command.command('warm').description('guests that have booted, from which new VMs begin as forks');
  warm.action(() => warm.outputHelp());
  warm
    .command('ls')
    .description('list warm templates, and why some cannot be used')
    .option('-q, --quiet', 'keys alone')
    .action((options: { readonly quiet?: true }) => list(context, options));
  warm
    .command('build')
    .description('make one for VMs of this image and size, unless it exists; prints its key')
    .option('--image <name>', 'what the VMs are made from (default base)')
    .option('--vcpus <n>', 'their virtual CPUs (default 1)', parseCount(1))
    .option('--memory <size>', 'their memory, such as 512 (MiB), 512m or 2g (default 256)', parseMemoryMib)
    .option('--disk <size>', 'size of their disks, such as 8 (GiB), 20g or 1t (default 8)', parseDiskGib)
    .addOption(new Option('--network <mode>', 'their network (default user)').choices(['user', 'none']))
    .action((options: BuildOptions) => build(context, options));
  warm
    .command('rm')
    .description('remove warm templates; VMs started from them are not affected')
    .argument('<key...>', 'keys')
    .action((keys: readonly string[]) => remove(context, keys));
}

async function list(context: Context, { quiet }: { readonly quiet?: true }): Promise<void> {
  const { items } = await (await connect(context)).warmTemplates.list();
  if (context.globals.json === true) printJson(context, { items });
  else if (quiet === true) context.stdout.write(items.map(({ key }) => `${key}\n`).join(''));
  else context.stdout.write(formatTemplates(items));
}

async function build(context: Context, options: BuildOptions): Promise<void> {
  const client = await connect(context);
  const operation = await client.warmTemplates.build(requestOf(options));
  const { result } = await finishOperation(context, client, operation, {
    doing: `Making a warm template (${operation.subject.name})`,
    done: 'The next VM of this kind begins warm',
  });
  if (context.globals.json === true) return printJson(context, result);
  const isObject = typeof result === 'object' && result !== null && 'key' in result;
  context.stdout.write(`${isObject ? String(result['key']) : ''}\n`);
}

function requestOf({ image, vcpus, memory, disk, network }: BuildOptions): BuildWarmTemplateRequest {
  return {
    ...(image === undefined ? {} : { image }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memory === undefined ? {} : { memory_mib: memory }),
    ...(disk === undefined ? {} : { disk_gib: disk }),
    ...(network === undefined ? {} : { network: { mode: network } }),
  };
}

async function remove(context: Context, keys: readonly string[]): Promise<void> {
  const client = await connect(context);
  const isJson = context.globals.json === true;
  const items = await askEach(context, keys, async (key) => {
    await client.warmTemplates.remove(key);
    if (!isJson) context.stdout.write(`${key}\n`);
    return key;
  });
  if (isJson) printJson(context, { items });
}

function formatTemplates(templates: readonly WarmTemplate[]): string {
  return formatTable(
    ['KEY', 'IMAGE', 'VCPUS', 'MEMORY', 'DISK', 'SIZE', 'WAITING', 'IN USE', 'AGE', 'LAST USED', 'STATE'],
    templates.map((template) => [
      template.key,
      template.image ?? template.image_digest.slice(0, 12),
      String(template.vcpus),
      `${template.memory_mib} MiB`,
      `${template.disk_gib} GiB`,
      formatBytes(template.size_bytes),
      String(template.spare_count),
      String(template.user_count),
      formatAge(template.created_at),
      `${formatAge(template.last_used_at)} ago`,
      template.unusable_because ?? 'usable',
    ]),
  );
}
