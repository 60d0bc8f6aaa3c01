import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { COMMANDS, type CommandEntry } from './command-table.ts';
import type { Context, GlobalOptions } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { systemReason } from './output/system-error.ts';
import { REPOSITORY_ROOT } from './paths.ts';
import { watchPipes } from './pipes.ts';
import { reportError } from './report-error.ts';

type Streams = Pick<Context, 'env' | 'stdin' | 'stdout' | 'stderr'>;

/** Runs one command line (without program names) to its end, and returns the exit code when all output has left us. Errors are told on stderr. */
export async function runCli(argv: readonly string[], streams: Streams): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODES.ok;
  let invoked: string | null = null;
  const program = createProgram(streams);
  const tell = (error: unknown): ExitCode => reportError(error, context, invoked);
  using pipes = watchPipes(streams, (error) => tell(outputError(error)));
  const context: Context = {
    ...streams,
    commandWords: argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : null,
    get globals() {
      return program.opts<GlobalOptions>();
    },
    loadCommands: () => createCompleteProgram(context),
    whenPipeBreaks: pipes.whenBroken,
    endWith: (code) => {
      exitCode = code;
    },
  };
  program.hook('preSubcommand', async (_program, command) => {
    const name = command.name();
    invoked = name;
    if (program.opts<GlobalOptions>().color === false) process.env['NO_COLOR'] = '1';
    await configure(program, name, context);
    command.hook('preSubcommand', (_command, within) => {
      invoked = `${name} ${within.name()}`;
    });
  });

  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.help') program.outputHelp(); // no command was given
    if (!(error instanceof CommanderError && isHelp(error))) exitCode = tell(error);
  }
  await pipes.whenWritten();
  return exitCode;
}

function outputError(cause: Error): CliError {
  return new CliError(`Output cannot be written: ${systemReason(cause)}.`, { reason: 'cli.output_failed', cause });
}

/** The program with every command configured, which takes longer than with the one that runs. */
export async function createCompleteProgram(context: Context): Promise<Command> {
  const program = createProgram(context);
  for (const { name } of COMMANDS) await configure(program, name, context);
  return program;
}

function createProgram(streams: Streams): Command {
  const program = new Command('volary')
    .usage('COMMAND [options]')
    .description('A self-hosted cloud of virtual machines.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .option('--json', 'print JSON: results on stdout, errors on stderr')
    .option('--url <url>', 'address of the server (VOLARY_URL)')
    .option('--key <key>', 'key of the server (VOLARY_ADMIN_KEY)')
    .option('--key-file <file>', 'file that holds the key')
    .option('--ca <file>', 'certificate to trust, PEM (VOLARY_CA)')
    .option('--data-dir <dir>', 'directory of the server (VOLARY_DATA_DIR), where its address and key are found')
    .option('--no-color', 'print no colours (NO_COLOR)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: () => {}, // said by reportError, in one form for all errors
    });
  for (const entry of COMMANDS) addCommand(program, entry);
  return program.addHelpText('after', '\nMore: volary help COMMAND, volary help exit-codes');
}

function addCommand(program: Command, entry: CommandEntry): void {
  const command = program.command(entry.name).description(entry.summary).helpGroup(`${entry.group}:`);
  if (entry.alias !== undefined) command.alias(entry.alias);
}

/** Gives a command its arguments, options and action. */
async function configure(program: Command, name: string, context: Context): Promise<void> {
  const command = program.commands.find((candidate) => candidate.name() === name);
  const entry = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined && entry !== undefined) (await entry.load())(command, context);
}

function isHelp(error: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(REPOSITORY_ROOT, 'package.json'), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
