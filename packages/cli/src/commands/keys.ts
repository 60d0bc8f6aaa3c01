import type { ApiKey } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { collectList } from '../parse-values.ts';
import { formatKeys } from '../users/format-user.ts';
import { type KeyOptions, toCreateKey } from '../users/user-options.ts';

/** `volary keys ls|create|rm`. */
export function configureKeys(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list API keys: yours, or those of all whom you may see')
    .option('--owner <user>', 'only those of this user')
    .action((options: { readonly owner?: string }) => list(context, options.owner));
  command
    .command('create')
    .description('make an API key; prints it, once')
    .argument('<name>', 'what it is for')
    .option('--owner <user>', 'for whom it speaks (default: you)')
    .option(
      '--permission <patterns>',
      'restrict it to these, such as vm:read or vm:*@own; may be repeated',
      collectList,
    )
    .option('--expires <time>', 'refuse it from then on: 12h, 30d or 2027-01-31 (default: never)')
    .action((name: string, options: KeyOptions) => create(context, name, options));
  command
    .command('rm')
    .description('revoke API keys, at once')
    .argument('<key...>', 'ids')
    .action(async (ids: readonly string[]) => {
      const { apiKeys } = await connect(context);
      for (const id of ids) await apiKeys.revoke(id);
      print(context, { removed: ids }, ids.map((id) => `${id}\n`).join(''));
    });
}

async function list(context: Context, owner: string | undefined): Promise<void> {
  const items: ApiKey[] = [];
  for await (const key of (await connect(context)).apiKeys.listAll(owner === undefined ? {} : { owner }))
    items.push(key);
  print(context, { items }, formatKeys(items));
}

/** For scripts: the id, and on a second line the key. */
async function create(context: Context, name: string, options: KeyOptions): Promise<void> {
  const asked = toCreateKey(name, options, Date.now());
  const made = await (await connect(context)).apiKeys.create(asked);
  if (context.globals.json !== true) context.stderr.write('The key is shown this once.\n');
  print(context, made, `${made.id}\n${made.key}\n`);
}

function print(context: Context, value: unknown, text: string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(text);
}
