import type { Command } from 'commander';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { exitCodeOf } from '../exec/exit-code.ts';
import { runCommand } from '../exec/run-command.ts';
import { collectEnvironment } from '../parse-values.ts';
import { findMachine } from '../ssh/find-machine.ts';
import { parseDestination, shellArgv } from '../ssh/shell-argv.ts';

interface SshOptions {
  readonly login?: string;
  /** Undefined where neither -t nor -T was given. */
  readonly tty?: boolean;
  readonly stdin: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

const EXAMPLES = `
NAME is a workspace of yours, else a VM. By way of the guest's agent: the VM needs no network, no sshd and no key; one that sleeps is woken.
Words after -- are joined by spaces and read by the user's login shell, as by ssh. Without them that shell is what runs, on a terminal.
~. at the start of a line ends a session that does not answer.
The exit code is the command's own; 128 + n if signal n killed it; 125 if it could not be run, or its end is not known.

Examples:
  volary ssh first
  volary ssh first -- 'cd /var/log && du -sh * | sort -h'
  volary ssh -t nobody@first -- top
  tar c src | volary ssh first -- tar x -C /srv`;

/** `volary ssh VM [-- COMMAND…]`: a login shell on a terminal, or a line for that shell. */
export function configureSsh(command: Command, context: Context): void {
  command
    .usage('[options] [user@]<vm> [-- command...]')
    .argument('<vm>', 'name or id of a workspace or a VM, after user@ if it is not to be root')
    .argument('[command...]', 'a command line for the login shell')
    .option('-l, --login <name>', 'user in the guest (default root)')
    .option('-t, --tty', 'give a command a terminal too')
    .option('-T, --no-tty', 'give it none, nor the shell')
    .option('-n, --no-stdin', 'pass on no input, so that a shell loop keeps its own', true)
    .option(
      '-e, --env <key=value>',
      'an environment variable; KEY alone copies it from your environment; may be repeated',
      collectEnvironment,
    )
    .addHelpText('after', EXAMPLES)
    .action((destination: string, words: readonly string[], options: SshOptions) =>
      enter(context, destination, words, options),
    );
}

async function enter(
  context: Context,
  destination: string,
  words: readonly string[],
  options: SshOptions,
): Promise<void> {
  const { ref, user } = parseDestination(destination, options.login);
  const isShell = words.length === 0;
  if (isShell && context.globals.json === true) {
    throw usageError('With --json there has to be a command.', 'volary help ssh');
  }
  const client = await connect(context);
  const machine = await findMachine(client, ref);
  const execution = await runCommand(context, client, machine.ref, {
    // As with ssh: a shell has a terminal where we have one, a command where it is asked for.
    hasTty: options.tty ?? (isShell && context.stdin.isTTY),
    hasStdin: options.stdin,
    wayOut: 'hang it up',
    request: {
      argv: [...shellArgv(words, machine.directory)],
      ...(user === null ? {} : { user }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
    },
  });
  context.endWith(exitCodeOf(execution));
}
