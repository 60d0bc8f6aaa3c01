import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { EXIT_CODE_MEANINGS } from '../exit-codes.ts';
import { formatTable } from '../output/table.ts';

/** `volary help [topic]`: a command, the exit codes, or everything. */
export function configureHelp(command: Command, context: Context): void {
  command.argument('[topic]', 'a command, or exit-codes').action(async (topic?: string) => {
    const program = await context.loadCommands();
    if (topic === undefined) return program.outputHelp();
    if (topic === 'exit-codes') {
      context.stdout.write(formatTable(['CODE', 'MEANING'], EXIT_CODE_MEANINGS));
      return;
    }
    const found = program.commands.find((candidate) => candidate.name() === topic || candidate.alias() === topic);
    if (found === undefined) throw usageError(`There is no command ${topic}.`, 'volary help');
    found.outputHelp();
  });
}
