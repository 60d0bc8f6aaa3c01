import type { Snapshot } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { deleteEach } from '../operations/delete-each.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge, formatBytes, formatPairs } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { collectPairs } from '../parse-values.ts';

interface CreateOptions {
  readonly description?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly wait: boolean;
}

interface ListOptions extends SelectorOptions {
  readonly vm?: string;
  readonly quiet?: true;
}

/** `volary snapshot create|ls|get|rm`. */
export function configureSnapshot(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('create')
    .description('save a VM as it is now; prints the name of the snapshot, or its id')
    .argument('<vm>', 'name or id of a VM that is running or paused')
    .argument('[name]', 'name of the snapshot: lower-case letters, digits and hyphens (default: none)')
    .option('--description <text>', 'for people')
    .option('-l, --label <key=value>', 'a label; may be repeated', collectPairs)
    .option('--no-wait', 'do not wait until it is complete', true)
    .action((vm: string, name: string | undefined, options: CreateOptions) => create(context, vm, name, options));
  addSelectorOption(command.command('ls').description('list snapshots'))
    .option('--vm <vm>', 'only those of this VM, by its name or id')
    .option('-q, --quiet', 'print only names or ids')
    .action((options: ListOptions) => list(context, options));
  command
    .command('get')
    .description('show one snapshot')
    .argument('<snapshot>', 'name or id')
    .action(async (ref: string) => {
      const snapshot = await (await connect(context)).snapshots.get(ref);
      if (context.globals.json === true) printJson(context, snapshot);
      else context.stdout.write(formatSnapshot(snapshot));
    });
  command
    .command('rm')
    .description('delete snapshots; VMs made from them are not affected')
    .argument('<snapshot...>', 'names or ids')
    .option('--no-wait', 'do not wait until it is done', true)
    .action((refs: readonly string[], options: { readonly wait: boolean }) =>
      deleteEach(context, refs, options, (client, ref) => client.snapshots.delete(ref)),
    );
}

async function create(context: Context, vm: string, name: string | undefined, options: CreateOptions): Promise<void> {
  const client = await connect(context);
  const { description, label } = options;
  const accepted = await client.snapshots.create(vm, {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(label === undefined ? {} : { labels: label }),
  });
  const { subject } = accepted;
  if (options.wait) await finishOperation(context, client, accepted, { doing: `Saving ${vm}`, done: `${vm} is saved` });
  const saved = options.wait ? await client.snapshots.get(subject.id ?? subject.name) : accepted;
  if (context.globals.json === true) printJson(context, saved);
  else context.stdout.write(`${subject.name}\n`);
}

async function list(context: Context, { vm, quiet, ...options }: ListOptions): Promise<void> {
  const client = await connect(context);
  const items: Snapshot[] = [];
  const query = { ...(vm === undefined ? {} : { vm }), ...selectorQuery(options) };
  for await (const snapshot of client.snapshots.listAll(query)) items.push(snapshot);
  if (context.globals.json === true) printJson(context, { items });
  else if (quiet === true) context.stdout.write(items.map(({ name, id }) => `${name ?? id}\n`).join(''));
  else context.stdout.write(formatSnapshots(items));
}

function formatSnapshots(snapshots: readonly Snapshot[]): string {
  return formatTable(
    ['NAME', 'STATE', 'VM', 'MEMORY', 'SIZE', 'AGE', 'ID'],
    snapshots.map((snapshot) => [
      snapshot.name ?? '-',
      snapshot.state,
      snapshot.source_vm_name,
      `${snapshot.memory_mib} MiB`,
      snapshot.size_bytes === null ? '-' : formatBytes(snapshot.size_bytes),
      formatAge(snapshot.created_at),
      snapshot.id,
    ]),
  );
}

function formatSnapshot(snapshot: Snapshot): string {
  const { failure, size_bytes, halted_ms } = snapshot;
  return formatFields([
    ['name', snapshot.name ?? '-'],
    ['id', snapshot.id],
    ['state', snapshot.state],
    ...(failure === null ? [] : [['failure', `${failure.message} (${failure.reason})`] as const]),
    ...(snapshot.operation_id === null ? [] : [['operation', snapshot.operation_id] as const]),
    ['vm', `${snapshot.source_vm_name} (${snapshot.source_vm_id})`],
    ['description', snapshot.description === '' ? '-' : snapshot.description],
    ['labels', formatPairs(snapshot.labels)],
    ['image', `${snapshot.image} (${snapshot.image_digest.slice(0, 12)})`],
    ['vcpus', String(snapshot.vcpus)],
    ['memory', `${snapshot.memory_mib} MiB`],
    ['disk', `${snapshot.disk_gib} GiB`],
    ['size', size_bytes === null ? '-' : formatBytes(size_bytes)],
    ['halted', halted_ms === null ? '-' : `${halted_ms} ms`],
    ['owner', snapshot.owner],
    ['created', `${snapshot.created_at}, ${formatAge(snapshot.created_at)} ago`],
  ]);
}
