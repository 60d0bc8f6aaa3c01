import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash.ts';
import { describeCommands } from '../completion/describe-commands.ts';
import { fishScript } from '../completion/fish.ts';
import { zshScript } from '../completion/zsh.ts';
import type { Context } from '../context.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** `volary completion SHELL`: made from the commands themselves, so that it never lags behind them. */
export function configureCompletion(command: Command, context: Context): void {
  command
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', '\nExample: source <(volary completion bash)')
    .action(async (shell: keyof typeof SCRIPTS) => {
      context.stdout.write(SCRIPTS[shell](describeCommands(await context.loadCommands())));
    });
}
