import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { addCommandOptions, type CommandOptions, commandFields } from '../exec/command-options.ts';
import { exitCodeOf } from '../exec/exit-code.ts';
import { runCommand, toExecRequest } from '../exec/run-command.ts';

interface ExecOptions extends CommandOptions {
  readonly interactive?: true;
  readonly tty?: true;
  readonly stdin: boolean;
  readonly detach?: true;
}

const EXAMPLES = `
A terminal session is left with ~. at the start of a line; the command then runs on.
The exit code is the command's own; 128 + n if signal n killed it; 124 if --timeout did; 125 if it could not be run.

Examples:
  volary exec first -- sh -c 'uname -a; exit 7'
  echo hi | volary exec first -- cat
  volary exec -it first -- bash
  tar c src | volary exec first -w /srv -- tar x`;

/** `volary exec VM -- COMMAND…`: as if the command ran here. */
export function configureExec(command: Command, context: Context): void {
  command
    .usage('[options] <vm> -- <command...>')
    .argument('<vm>', 'name or id')
    .argument('<command...>', 'program and arguments, passed literally, without a shell');
  addCommandOptions(command)
    .option('-i, --interactive', 'pass on the input (default if it is not a terminal)')
    .option('-t, --tty', 'give it a terminal of the same size as yours')
    .option('-n, --no-stdin', 'pass on no input, so that a shell loop keeps its own', true)
    .option('-d, --detach', 'start it in the background and print its id')
    .addHelpText('after', EXAMPLES)
    .action((ref: string, argv: readonly string[], options: ExecOptions) => execute(context, ref, argv, options));
}

async function execute(context: Context, ref: string, argv: readonly string[], options: ExecOptions): Promise<void> {
  const client = await connect(context);
  const isDetached = options.detach === true;
  const hasTty = options.tty === true;
  const hasStdin = wantsStdin(context, options);
  const command = {
    hasStdin,
    hasTty,
    request: { argv: [...argv], ...commandFields(options) },
  };

  if (isDetached) {
    const execution = await client.executions.detach(ref, toExecRequest(context, command));
    if (context.globals.json === true) printJson(context, execution);
    else context.stdout.write(`${execution.id}\n`);
    return;
  }
  context.endWith(exitCodeOf(await runCommand(context, client, ref, { ...command, wayOut: 'leave it running' })));
}

function wantsStdin({ stdin }: Context, options: ExecOptions): boolean {
  if (options.interactive === true && (options.detach === true || !options.stdin)) {
    throw usageError('--interactive does not go together with --detach or --no-stdin.', 'volary help exec');
  }
  if (options.detach === true || !options.stdin) return false;
  return options.interactive === true || !stdin.isTTY;
}
