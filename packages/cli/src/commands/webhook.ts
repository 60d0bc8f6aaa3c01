import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { formatDeliveries, formatWebhook, placeOf, tryWords } from '../webhooks/format-webhook.ts';
import {
  addReplayOptions,
  addSettingOptions,
  type ReplayOptions,
  type SettingOptions,
  toCreateRequest,
  toReplayRequest,
  toUpdateRequest,
} from '../webhooks/webhook-options.ts';

/** `volary webhook create|ls|get|update|rm|test|deliveries|replay`. */
export function configureWebhook(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSettingOptions(
    command.command('create').description('send events to a URL or an integration; prints the id and the secret'),
  )
    .argument('[url]', 'where to send them, http or https; or use --to')
    .option('--disabled', 'send nothing yet')
    .action((url: string | undefined, options: SettingOptions) => create(context, url, options));
  addSelectorOption(command.command('ls').description('list webhooks')).action((options: SelectorOptions) =>
    list(context, options),
  );
  command
    .command('get')
    .description('show one webhook')
    .argument('<webhook>', 'id')
    .action(async (id: string) => {
      const webhook = await (await connect(context)).webhooks.get(id);
      print(context, webhook, () => formatWebhook(webhook));
    });
  addSettingOptions(command.command('update').description('change a webhook, its secret, or whether it is enabled'))
    .argument('<webhook>', 'id')
    .option('--url <url>', 'where to send them')
    .option('--rotate-secret', 'make a new secret and print it; the old one also signs for another day')
    .option('--enable', 'enable it again; it continues where it stopped')
    .option('--disable', 'send nothing until it is enabled again')
    .action((id: string, options: SettingOptions) => update(context, id, options));
  command
    .command('rm')
    .description('remove webhooks')
    .argument('<webhook...>', 'ids')
    .action(async (ids: readonly string[]) => {
      const { webhooks } = await connect(context);
      await removeEach(context, ids, async (id) => {
        await webhooks.delete(id);
        return { name: id };
      });
    });
  command
    .command('test')
    .description('send one event now, and print the result')
    .argument('<webhook>', 'id')
    .action((id: string) => test(context, id));
  command
    .command('deliveries')
    .description('list deliveries that did not arrive at the first attempt, newest first: of one webhook, or of all')
    .argument('[webhook]', 'id')
    .option('--state <state>', 'only these: waiting, delivered, dead (given up) or lost')
    .action((id: string | undefined, options: { readonly state?: string }) => deliveries(context, id, options.state));
  addReplayOptions(command.command('replay').description('send events again'))
    .argument('<webhook>', 'id')
    .action((id: string, options: ReplayOptions) => replay(context, id, options));
}

async function create(context: Context, url: string | undefined, options: SettingOptions): Promise<void> {
  const made = await (await connect(context)).webhooks.create(toCreateRequest(url, options));
  if (context.globals.json !== true && made.secret !== null) context.stderr.write('The secret is shown this once.\n');
  print(context, made, () => shown(made));
}

async function update(context: Context, id: string, options: SettingOptions): Promise<void> {
  const changed = await (await connect(context)).webhooks.update(id, toUpdateRequest(options));
  print(context, changed, () => shown(changed));
}

/** For scripts: the id, and on a second line the secret, where it has just been made. */
function shown({ id, secret }: { readonly id: string; readonly secret: string | null }): string {
  return secret === null ? `${id}\n` : `${id}\n${secret}\n`;
}

async function list(context: Context, options: SelectorOptions): Promise<void> {
  const items = await collect((await connect(context)).webhooks.listAll(selectorQuery(options)));
  print(context, { items }, () =>
    formatTable(
      ['ID', 'STATE', 'LAST', 'DELIVERED', 'TO'],
      items.map((webhook) => [
        webhook.id,
        stateOf(webhook),
        String(webhook.last_sequence),
        formatAge(webhook.last_delivered_at),
        placeOf(webhook),
      ]),
    ),
  );
}

function stateOf(webhook: { readonly is_enabled: boolean; readonly failing_since: string | null }): string {
  if (!webhook.is_enabled) return 'disabled';
  return webhook.failing_since === null ? 'enabled' : 'failing';
}

async function test(context: Context, id: string): Promise<void> {
  const delivery = await (await connect(context)).webhooks.test(id);
  print(context, delivery, () => formatFields([['delivery', delivery.id], ...tryWords(delivery)]));
  if (delivery.state === 'delivered') return;
  throw new CliError('The event did not arrive.', { reason: 'cli.webhook_failed' });
}

async function deliveries(context: Context, id: string | undefined, state: string | undefined): Promise<void> {
  const known = (['waiting', 'delivered', 'dead', 'lost'] as const).find((each) => each === state);
  if (state !== undefined && known === undefined)
    throw usageError(`There is no state ${state}.`, 'states: waiting, delivered, dead, lost');
  const query = known === undefined ? {} : { state: known };
  const { webhooks } = await connect(context);
  const items = await collect(id === undefined ? webhooks.listAllDeliveries(query) : webhooks.allDeliveries(id, query));
  print(context, { items }, () => formatDeliveries(items, { hasWebhook: id === undefined }));
}

async function replay(context: Context, id: string, options: ReplayOptions): Promise<void> {
  const webhook = await (await connect(context)).webhooks.replay(id, toReplayRequest(options));
  print(context, webhook, () => `${webhook.id}\n`);
}

async function collect<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of pages) all.push(item);
  return all;
}

function print(context: Context, value: unknown, toText: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(toText());
}
