import type { Command } from 'commander';
import type { EndpointOptions } from './endpoint.ts';
import type { Env } from './paths.ts';

/** Options that every command has. */
export interface GlobalOptions extends EndpointOptions {
  readonly json?: boolean;
  readonly color?: boolean;
}

/** The world as a command sees it. */
export interface Context {
  readonly env: Env;
  readonly stdin: NodeJS.ReadStream;
  /** Results, and nothing else. */
  readonly stdout: NodeJS.WriteStream;
  /** Progress, warnings and errors. */
  readonly stderr: NodeJS.WriteStream;
  /** Every command with its options, for help and completion. */
  loadCommands(): Promise<Command>;
  /** What stands behind the first `--` of the command line; null where there is none. */
  readonly commandWords: readonly string[] | null;
  /** The global options, once the command line was read. */
  readonly globals: GlobalOptions;
  /** What to do, for two seconds at most, before we end because nobody reads our output any more. */
  whenPipeBreaks(work: () => Promise<void>): void;
  /** Sets the code to end with if nothing fails after all. */
  endWith(exitCode: number): void;
}

/** Prints a result as one JSON document. */
export function printJson(context: Context, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
