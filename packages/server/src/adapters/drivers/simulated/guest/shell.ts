import { BrokenPipe, BytePipe } from './byte-pipe.ts';
import { CLONE_SCRIPT_NAME, cloneRepository } from './clone.ts';
import { PROGRAMS, type Program, type ProgramContext, resolvePath, type Sink } from './programs.ts';
import { parseScript, type ShellCommand } from './shell-parser.ts';

const NOT_FOUND = 127;
/** How a shell tells that a program was killed by SIGPIPE. */
const BROKEN_PIPE = 141;
const encoder = new TextEncoder();

/** The program for this argv[0], by its name or a path to it; null if the guest has none. */
export function findProgram(name: string): Program | null {
  const base = name.slice(name.lastIndexOf('/') + 1);
  return base === 'sh' || base === 'bash' ? shell : (PROGRAMS.get(base) ?? null);
}

/** Runs a program; what it meets in the guest's files becomes a line on stderr and exit code 1. */
export async function runProgram(program: Program, context: ProgramContext): Promise<number> {
  try {
    return await program(context);
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    if (error instanceof BrokenPipe) return BROKEN_PIPE;
    await context.stderr.write(
      encoder.encode(`${context.argv[0]}: ${error instanceof Error ? error.message : String(error)}\n`),
    );
    return 1;
  }
}

class ShellExit extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('exit');
    this.exitCode = exitCode;
  }
}

async function shell(context: ProgramContext): Promise<number> {
  const isScript = context.argv[1] === '-c';
  if (isScript && context.argv[3] === CLONE_SCRIPT_NAME) return await cloneRepository(context);
  const script = isScript ? (context.argv[2] ?? '') : await readAll(context.stdin);
  let exitCode = 0;
  // As in any shell: `sh -c SCRIPT $0 $1 ...`
  const variable = (name: string): string =>
    (/^[0-9]$/.test(name) ? context.argv[3 + Number(name)] : context.env[name]) ?? '';
  // One iterator for all its commands, so that `read` leaves the rest to those after it.
  const stdin = sharing(context.stdin);
  try {
    for (const step of parseScript(script, variable)) {
      if (step.when === 'after-success' && exitCode !== 0) continue;
      if (step.when === 'after-failure' && exitCode === 0) continue;
      exitCode = await runPipeline(step.pipeline, { ...context, stdin });
    }
    return exitCode;
  } catch (error) {
    if (error instanceof ShellExit) return error.exitCode;
    throw error;
  }
}

async function runPipeline(commands: readonly ShellCommand[], context: ProgramContext): Promise<number> {
  let stdin = context.stdin;
  const running: Promise<number>[] = [];
  for (const [index, command] of commands.entries()) {
    const pipe = index < commands.length - 1 ? new BytePipe() : null;
    running.push(runInPipeline(command, { ...context, stdin, stdout: pipe ?? context.stdout }, pipe));
    if (pipe !== null) stdin = abandoning(pipe);
  }
  const exitCodes = await Promise.all(running);
  return exitCodes.at(-1) ?? 0;
}

/** What is read from the pipe; a reader that stops early closes it, and one that never begins closes it when it ends. */
async function* abandoning(pipe: BytePipe): AsyncIterable<Uint8Array> {
  try {
    yield* pipe;
  } finally {
    pipe.abandon();
  }
}

async function runInPipeline(command: ShellCommand, context: ProgramContext, output: BytePipe | null): Promise<number> {
  try {
    return await runCommand(command, context);
  } finally {
    output?.end();
  }
}

async function runCommand(command: ShellCommand, context: ProgramContext): Promise<number> {
  const [name = '', ...args] = command.words;
  if (name === 'exit') throw new ShellExit(Number(args[0] ?? 0) & 255);
  if (name === 'read') return (await context.stdin[Symbol.asyncIterator]().next()).done === true ? 1 : 0;
  if (name === 'exec') return runCommand({ ...command, words: args }, context);
  const program = findProgram(name);
  if (program === null) {
    await context.stderr.write(encoder.encode(`sh: ${name}: not found\n`));
    return NOT_FOUND;
  }
  const { files, cwd } = context;
  const input = command.input;
  const file =
    command.output === null ? null : fileSink(command.output.appends, files, resolvePath(cwd, command.output.path));
  const stdout = file ?? (command.outputToError ? context.stderr : context.stdout);
  const exitCode = await runProgram(program, {
    ...context,
    argv: command.words,
    stdin: input === null ? context.stdin : once(files.read(resolvePath(cwd, input))),
    stdout,
    stderr: command.errorToOutput ? stdout : context.stderr,
  });
  file?.finish();
  return exitCode;
}

function fileSink(
  appends: boolean,
  files: ProgramContext['files'],
  path: string,
): Sink & { readonly finish: () => void } {
  const pieces: Uint8Array[] = [];
  return {
    write: async (bytes) => void pieces.push(bytes),
    finish: () => {
      const before = appends ? readOrNothing(files, path) : new Uint8Array();
      files.write(path, Buffer.concat([before, ...pieces]), { mode: null, makeParents: false });
    },
  };
}

function readOrNothing(files: ProgramContext['files'], path: string): Uint8Array {
  try {
    return files.read(path);
  } catch {
    // `>>` makes the file where there is none; any other fault comes back from the write.
    return new Uint8Array();
  }
}

/** The same bytes, for several readers one after the other. */
function sharing(stdin: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = stdin[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of stdin) pieces.push(chunk);
  return Buffer.concat(pieces).toString('utf8');
}
