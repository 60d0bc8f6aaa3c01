import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { EXIT_CODE_MEANINGS } from '../exit-codes.ts';
import { formatTable } from '../output/table.ts';

/** `volary help [topic...]`: a command (`users create` as well), the exit codes, or everything. */
export function configureHelp(command: Command, context: Context): void {
  command.argument('[topic...]', 'a command, or exit-codes').action(async (topic: readonly string[]) => {
    const program = await context.loadCommands();
    if (topic.join(' ') === 'exit-codes') {
      context.stdout.write(formatTable(['CODE', 'MEANING'], EXIT_CODE_MEANINGS));
      return;
    }
    topic.reduce((parent, name, i) => childOf(parent, name, topic.slice(0, i)), program).outputHelp();
  });
}

function childOf(parent: Command, name: string, path: readonly string[]): Command {
  const found = parent.commands.find((candidate) => candidate.name() === name || candidate.alias() === name);
  if (found !== undefined) return found;
  throw usageError(`There is no command ${[...path, name].join(' ')}.`, ['volary help', ...path].join(' '));
}
