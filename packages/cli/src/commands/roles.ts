import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { collectList } from '../parse-values.ts';
import { formatRoles } from '../users/format-user.ts';

interface RoleOptions {
  readonly permission: readonly string[];
  readonly description?: string;
}

/** `volary roles ls|create|rm`. */
export function configureRoles(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list roles and what they allow')
    .action(async () => {
      const list = await (await connect(context)).roles.list();
      print(context, list, formatRoles(list.items));
    });
  command
    .command('create')
    .description('make a role, or change what it allows')
    .argument('<name>', 'what it is called')
    .requiredOption('--permission <patterns>', 'such as vm:read, vm:*@own or *:read; may be repeated', collectList)
    .option('--description <text>', 'for people')
    .action(async (name: string, { permission, description = '' }: RoleOptions) => {
      const role = await (await connect(context)).roles.put(name, { permissions: [...permission], description });
      print(context, role, formatRoles([role]));
    });
  command
    .command('rm')
    .description('delete roles that nobody has')
    .argument('<role...>', 'names')
    .action(async (names: readonly string[]) => {
      const { roles } = await connect(context);
      for (const name of names) await roles.delete(name);
      print(context, { removed: names }, names.map((name) => `${name}\n`).join(''));
    });
}

function print(context: Context, value: unknown, text: string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(text);
}
