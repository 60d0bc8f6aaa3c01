import type { CreateVolumeRequest, UpdateVolumeRequest, VmVolumeRequest, Volume } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { deleteEach } from '../operations/delete-each.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { oneVolume } from '../operations/volume-option.ts';
import { formatAge, formatPairs } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { collectPairs, parseDiskGib } from '../parse-values.ts';

interface CreateOptions extends Pick<CreateVolumeRequest, 'image' | 'url' | 'path' | 'sha256' | 'format'> {
  readonly size?: number;
  readonly from?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly wait: boolean;
}

interface ListOptions extends SelectorOptions {
  readonly quiet?: true;
}

interface UpdateOptions {
  readonly name?: string;
  readonly label?: Readonly<Record<string, string>>;
}

/** `volary volume create|ls|get|update|attach|detach|resize|rm`. */
export function configureVolume(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('create')
    .description('create a disk to attach to VMs; prints its name')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--size <size>', 'such as 8 (GiB), 20g or 1t; may be left out where it begins with something', parseDiskGib)
    .option('--image <name>', 'start with the root disk of this image')
    .option('--from <volume>', 'start as a copy of this volume')
    .option('--url <url>', 'start with this disk image; needs --sha256 and --format')
    .option('--path <path>', 'start with this disk image on the server; needs --sha256 and --format')
    .option('--sha256 <hex>', 'of the disk image')
    .addOption(new Option('--format <format>', 'of the disk image').choices(['qcow2', 'raw']))
    .option('-l, --label <key=value>', 'a label; may be repeated', collectPairs)
    .option('--no-wait', 'do not wait until it is complete', true)
    .action((name: string, options: CreateOptions) => create(context, name, options));
  addSelectorOption(command.command('ls').description('list volumes, and which VMs use them'))
    .option('-q, --quiet', 'names alone')
    .action((options: ListOptions) => list(context, options));
  command
    .command('get')
    .description('show one volume')
    .argument('<volume>', 'name or id')
    .action(async (ref: string) => {
      const volume = await (await connect(context)).volumes.get(ref);
      print(context, volume, () => describe(volume));
    });
  command
    .command('update')
    .description('change the name and the labels of a volume')
    .argument('<volume>', 'name or id')
    .option('--name <name>', 'its new name')
    .option('-l, --label <key=value>', 'a label; the given ones replace all its labels', collectPairs)
    .action(async (ref: string, { name, label }: UpdateOptions) => {
      const request: UpdateVolumeRequest = {
        ...(name === undefined ? {} : { name }),
        ...(label === undefined ? {} : { labels: label }),
      };
      const volume = await (await connect(context)).volumes.update(ref, request);
      print(context, volume, () => describe(volume));
    });
  command
    .command('attach')
    .description('attach a volume to a stopped VM; the guest sees it at the next start')
    .argument('<vm>', 'name or id')
    .argument('<volume>', 'such as books, books:ro to only read it, books:disk=data to call it so in the VM', oneVolume)
    .action(async (vm: string, volume: VmVolumeRequest) => {
      const changed = await (await connect(context)).volumes.attach(vm, volume);
      print(context, changed, () => `${changed.name} has ${volume.volume}\n`);
    });
  command
    .command('detach')
    .description('detach a volume from a stopped VM; its content stays')
    .argument('<vm>', 'name or id')
    .argument('<disk>', "the name of the disk in the VM (default: the volume's name)")
    .action(async (vm: string, disk: string) => {
      const changed = await (await connect(context)).volumes.detach(vm, disk);
      print(context, changed, () => `${changed.name} has ${disk} no more\n`);
    });
  command
    .command('resize')
    .description('make a volume larger; a guest that writes to it sees that at once')
    .argument('<volume>', 'name or id')
    .argument('<size>', 'such as 8 (GiB), 20g or 1t', parseDiskGib)
    .action(async (ref: string, size: number) => {
      const volume = await (await connect(context)).volumes.update(ref, { size_gib: size });
      print(context, volume, () => `${volume.name} has ${volume.size_gib} GiB\n`);
    });
  command
    .command('rm')
    .description('delete unused volumes with their content')
    .argument('<volume...>', 'names or ids')
    .option('--no-wait', 'do not wait until it is done', true)
    .action((refs: readonly string[], options: { readonly wait: boolean }) =>
      deleteEach(context, refs, options, (client, ref) => client.volumes.delete(ref)),
    );
}

async function create(
  context: Context,
  name: string,
  { size, from, label, wait, ...source }: CreateOptions,
): Promise<void> {
  const client = await connect(context);
  const accepted = await client.volumes.create({
    name,
    ...(size === undefined ? {} : { size_gib: size }),
    ...(from === undefined ? {} : { volume: from }),
    ...source,
    ...(label === undefined ? {} : { labels: label }),
  });
  if (wait) await finishOperation(context, client, accepted, { doing: `Making ${name}`, done: `${name} is there` });
  const made = wait ? await client.volumes.get(accepted.subject.id ?? name) : accepted;
  print(context, made, () => `${name}\n`);
}

async function list(context: Context, { quiet, ...options }: ListOptions): Promise<void> {
  const client = await connect(context);
  const items: Volume[] = [];
  for await (const volume of client.volumes.listAll(selectorQuery(options))) items.push(volume);
  print(context, { items }, () =>
    quiet === true
      ? items.map(({ name }) => `${name}\n`).join('')
      : formatTable(
          ['NAME', 'STATE', 'SIZE', 'USED BY', 'OWNER', 'AGE'],
          items.map((volume) => [
            volume.name,
            volume.state,
            `${volume.size_gib} GiB`,
            holdersText(volume),
            volume.owner,
            formatAge(volume.created_at),
          ]),
        ),
  );
}

function holdersText({ attachments }: Volume): string {
  return attachments.map(({ vm_name, readonly }) => (readonly ? `${vm_name} (reads)` : vm_name)).join(', ') || '-';
}

function originText({ origin }: Volume): string {
  switch (origin.kind) {
    case 'empty':
      return 'empty';
    case 'content':
      return `a disk image (${origin.sha256})`;
    case 'image':
      return `the root of ${origin.image}`;
    case 'volume':
      return `a copy of ${origin.volume_name}`;
    case 'vm':
      return `${origin.disk === null ? 'the root' : `the disk ${origin.disk}`} of ${origin.vm_name} (${origin.image})`;
    default:
      return origin.kind satisfies never;
  }
}

function describe(volume: Volume): string {
  const { failure } = volume;
  return formatFields([
    ['name', volume.name],
    ['id', volume.id],
    ['state', volume.state],
    ...(failure === null ? [] : [['failure', `${failure.message} (${failure.reason})`] as const]),
    ...(volume.operation_id === null ? [] : [['operation', volume.operation_id] as const]),
    ['size', `${volume.size_gib} GiB`],
    ['source', originText(volume)],
    ['used by', holdersText(volume)],
    ['labels', formatPairs(volume.labels)],
    ['driver', volume.driver],
    ['owner', volume.owner],
    ['created', `${volume.created_at}, ${formatAge(volume.created_at)} ago`],
  ]);
}

function print(context: Context, value: unknown, toText: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(toText());
}
