import { EXIT_CODES, type ExitCode } from './exit-codes.ts';

export interface CliErrorOptions {
  readonly exitCode?: ExitCode;
  /** What to do about it: a command to type, or a sentence. */
  readonly hint?: string;
  /** Stable, dotted name of the rule that spoke, for `--json`. */
  readonly reason?: string;
  readonly cause?: unknown;
}

/** A failure as the user is told of it: one sentence, what to do, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly hint: string | null;
  readonly reason: string;

  constructor(message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT_CODES.error;
    this.hint = options.hint ?? null;
    this.reason = options.reason ?? 'cli.error';
  }
}

/** A `CliError` for a command line that was not understood. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, {
    exitCode: EXIT_CODES.usage,
    reason: 'cli.usage',
    ...(hint === undefined ? {} : { hint }),
  });
}
