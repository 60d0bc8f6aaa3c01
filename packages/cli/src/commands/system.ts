import { STORAGE_KINDS, type StorageKind, type StorageUse } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge, formatBytes } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { prune } from '../prune.ts';

/** Users of a thing that a line has room for. */
const SHOWN_USERS = 3;

/** `volary system df|health|prune`. */
export function configureSystem(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('df')
    .description('show disk usage on the host, and how much of it is unused')
    .option('-v, --verbose', 'also list each item, and what uses it')
    .action((options: { readonly verbose?: true }) => showUsage(context, options));
  command
    .command('health')
    .description('show the state of each component of the server')
    .action(() => showHealth(context));
  command
    .command('prune')
    .description('remove what nothing uses')
    .argument(
      '[kind...]',
      `${STORAGE_KINDS.join(', ')} (default: images, warm_templates, tools, leftovers)`,
      collectKinds,
    )
    .option('-n, --dry-run', 'only list what would be removed')
    .action((kinds: readonly StorageKind[], options: { readonly dryRun?: true }) => prune(context, kinds, options));
}

async function showHealth(context: Context): Promise<void> {
  const health = await (await connect(context)).system.health();
  if (context.globals.json === true) return printJson(context, health);
  const rows = health.components.map(({ name, status, why, detail }) => [name, status, why ?? detail ?? '-']);
  context.stdout.write(formatTable(['PART', 'STATUS', 'WHY'], rows));
}

async function showUsage(context: Context, { verbose }: { readonly verbose?: true }): Promise<void> {
  const usage = await (await connect(context)).system.usage();
  if (context.globals.json === true) return printJson(context, usage);
  const kinds = usage.items.map(({ kind, count, bytes, reclaimable_bytes: reclaimable }) => [
    kind,
    String(count),
    formatBytes(bytes),
    formatBytes(reclaimable),
  ]);
  context.stdout.write(formatTable(['KIND', 'COUNT', 'SIZE', 'RECLAIMABLE'], kinds));
  if (verbose !== true) return;
  const things = usage.items.flatMap(({ kind, items }) => items.map((item) => [kind, ...rowOf(item)]));
  context.stdout.write(`\n${formatTable(['KIND', 'WHAT', 'SIZE', 'LAST USED', 'USED BY'], things)}`);
}

function rowOf(thing: StorageUse['items'][number]): readonly string[] {
  const { id, name, bytes, last_used_at: usedAt, used_by: users, user_count: count } = thing;
  const names = users.slice(0, SHOWN_USERS).map((user) => `${user.kind} ${user.name}`);
  const more = count > names.length ? [`${count - names.length} more`] : [];
  const isDigest = /^[0-9a-f]{32,}$/.test(id);
  const what = [name ?? '', name === id ? '' : isDigest ? id.slice(0, 12) : id].filter((part) => part !== '').join(' ');
  const used = usedAt === null ? '-' : formatAge(usedAt);
  return [what, formatBytes(bytes), used, count === 0 ? '-' : [...names, ...more].join(', ')];
}

function collectKinds(word: string, before: readonly StorageKind[] = []): readonly StorageKind[] {
  const kind = STORAGE_KINDS.find((one) => one === word.replaceAll('-', '_'));
  if (kind === undefined) throw new InvalidArgumentError(`It is one of ${STORAGE_KINDS.join(', ')}.`);
  return [...before, kind];
}
