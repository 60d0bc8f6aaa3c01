import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { addLabelOption, type LabelOptions, labelsOf } from '../operations/label-option.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { collectList } from '../parse-values.ts';
import { formatRoles } from '../users/format-user.ts';

interface RoleOptions extends LabelOptions {
  readonly permission: readonly string[];
  readonly description?: string;
}

/** `volary roles ls|create|rm`. */
export function configureRoles(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(command.command('ls').description('list roles and what they allow')).action(
    async (options: SelectorOptions) => {
      const list = await (await connect(context)).roles.list(selectorQuery(options));
      print(context, list, formatRoles(list.items));
    },
  );
  addLabelOption(command.command('create').description('make a role, or change what it allows'))
    .argument('<name>', 'what it is called')
    .requiredOption('--permission <patterns>', 'such as vm:read, vm:*@own or *:read; may be repeated', collectList)
    .option('--description <text>', 'for people')
    .action(async (name: string, { permission, description = '', ...options }: RoleOptions) => {
      const asked = { permissions: [...permission], description, ...labelsOf(options) };
      const role = await (await connect(context)).roles.put(name, asked);
      print(context, role, formatRoles([role]));
    });
  command
    .command('rm')
    .description('delete roles that no user has')
    .argument('<role...>', 'names')
    .action(async (names: readonly string[]) => {
      const { roles } = await connect(context);
      await removeEach(context, names, async (name) => {
        await roles.delete(name);
        return { name };
      });
    });
}

function print(context: Context, value: unknown, text: string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(text);
}
