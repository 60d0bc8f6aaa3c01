import type { User } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatUser, formatUsers } from '../users/format-user.ts';
import { readNewPassword } from '../users/read-password.ts';
import { addUserOptions, toCreateUser, toUpdateUser, type UserOptions } from '../users/user-options.ts';

interface ListOptions extends SelectorOptions {
  readonly all?: true;
}

/** `volary users ls|create|show|update|passwd|rm`. */
export function configureUsers(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(command.command('ls').description('list users'))
    .option('--all', 'also those that are deleted')
    .action((options: ListOptions) => list(context, options));
  addUserOptions(command.command('create').description('make a user'))
    .argument('<name>', 'its name, which never changes')
    .option('--password', 'ask for a password, or read one that is piped in')
    .action((name: string, options: UserOptions & { readonly password?: true }) => create(context, name, options));
  command
    .command('show')
    .description('show one user')
    .argument('<user>', 'name or id')
    .action(async (ref: string) => printUser(context, await (await connect(context)).users.get(ref)));
  addUserOptions(
    command.command('update').description('change the roles, the address, the labels, or whether a user may come in'),
  )
    .argument('<user>', 'name or id')
    .option('--enable', 'allow the user to log in again')
    .option('--disable', 'refuse all keys and sessions of the user')
    .action(async (ref: string, options: UserOptions) => {
      const change = toUpdateUser(options);
      printUser(context, await (await connect(context)).users.update(ref, change));
    });
  command
    .command('passwd')
    .description('set the password of a user, from a prompt or a pipe')
    .argument('<user>', 'name or id')
    .action((ref: string) => setPassword(context, ref));
  command
    .command('rm')
    .description('delete users, with their keys and sessions')
    .argument('<user...>', 'names or ids')
    .action(async (refs: readonly string[]) => {
      const { users } = await connect(context);
      await removeEach(context, refs, async (ref) => {
        await users.delete(ref);
        return { name: ref };
      });
    });
}

async function list(context: Context, { all, ...options }: ListOptions): Promise<void> {
  const items: User[] = [];
  const states = all === true ? { state: ['active', 'disabled', 'deleted'] as const } : {};
  const query = { ...states, ...selectorQuery(options) };
  for await (const user of (await connect(context)).users.listAll(query)) items.push(user);
  print(context, { items }, formatUsers(items));
}

async function create(
  context: Context,
  name: string,
  { password, ...options }: UserOptions & { readonly password?: true },
): Promise<void> {
  const asked = toCreateUser(name, options);
  const { users } = await connect(context);
  printUser(
    context,
    await users.create(password === true ? { ...asked, password: await readNewPassword(context, name) } : asked),
  );
}

async function setPassword(context: Context, ref: string): Promise<void> {
  const { users } = await connect(context);
  await users.setPassword(ref, await readNewPassword(context, ref));
  print(context, { user: ref, has_password: true }, `${ref}\n`);
}

function printUser(context: Context, user: User): void {
  print(context, user, formatUser(user));
}

function print(context: Context, value: unknown, text: string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(text);
}
