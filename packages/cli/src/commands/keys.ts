import type { ApiKey } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { addLabelOption, type LabelOptions, labelsOf } from '../operations/label-option.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { collectList } from '../parse-values.ts';
import { formatKeys } from '../users/format-user.ts';
import { type KeyOptions, toCreateKey } from '../users/user-options.ts';

interface ListOptions extends SelectorOptions {
  readonly owner?: string;
}

interface UpdateOptions extends LabelOptions {
  readonly name?: string;
}

/** `volary keys ls|create|update|rm`. */
export function configureKeys(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(command.command('ls').description('list API keys: yours, or those of all users you may see'))
    .option('--owner <user>', 'only those of this user')
    .action((options: ListOptions) => list(context, options));
  addLabelOption(command.command('create').description('make an API key; prints it, once'))
    .argument('<name>', 'what it is for')
    .option('--owner <user>', 'the user it belongs to (default: you)')
    .option(
      '--permission <patterns>',
      'restrict it to these, such as vm:read or vm:*@own; may be repeated',
      collectList,
    )
    .option('--expires <time>', 'when it expires: 12h, 30d or 2027-01-31 (default: never)')
    .action((name: string, options: KeyOptions) => create(context, name, options));
  addLabelOption(command.command('update').description('change what an API key is called, and its labels'), {
    isChange: true,
  })
    .argument('<key>', 'id')
    .option('--name <name>', 'what it is for')
    .action((id: string, options: UpdateOptions) => update(context, id, options));
  command
    .command('rm')
    .description('revoke API keys, at once')
    .argument('<key...>', 'ids')
    .action(async (ids: readonly string[]) => {
      const { apiKeys } = await connect(context);
      await removeEach(context, ids, async (id) => {
        await apiKeys.revoke(id);
        return { name: id };
      });
    });
}

async function list(context: Context, { owner, ...options }: ListOptions): Promise<void> {
  const items: ApiKey[] = [];
  const query = { ...(owner === undefined ? {} : { owner }), ...selectorQuery(options) };
  for await (const key of (await connect(context)).apiKeys.listAll(query)) items.push(key);
  print(context, { items }, formatKeys(items));
}

/** For scripts: the id, and on a second line the key. */
async function create(context: Context, name: string, options: KeyOptions): Promise<void> {
  const asked = toCreateKey(name, options, Date.now());
  const made = await (await connect(context)).apiKeys.create(asked);
  if (context.globals.json !== true) context.stderr.write('The key is shown this once.\n');
  print(context, made, `${made.id}\n${made.key}\n`);
}

async function update(context: Context, id: string, { name, ...options }: UpdateOptions): Promise<void> {
  const change = { ...(name === undefined ? {} : { name }), ...labelsOf(options) };
  if (Object.keys(change).length === 0) throw usageError('Say what to change.', 'volary help keys');
  const key = await (await connect(context)).apiKeys.update(id, change);
  print(context, key, formatKeys([key]));
}

function print(context: Context, value: unknown, text: string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(text);
}
