import type { ExecRequest } from '@volary/contract';
import type { Command } from 'commander';
import { collectEnvironment, parseDurationMs } from '../parse-values.ts';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Adds how a command is run in a guest. */
export function addCommandOptions(command: Command): Command {
  return command
    .option(
      '-e, --env <key=value>',
      'an environment variable; KEY alone copies it from your environment; may be repeated',
      collectEnvironment,
    )
    .option('-w, --cwd <dir>', "directory to run it in (default: the user's home)")
    .option('-u, --user <name>', 'user in the guest (default root)')
    .option('--timeout <time>', 'kill it after this time, such as 30s or 5m', parseDurationMs);
}

/** The same for the request. */
export function commandFields({
  env,
  cwd,
  user,
  timeout,
}: CommandOptions): Pick<ExecRequest, 'env' | 'cwd' | 'user' | 'timeout_ms'> {
  return {
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    ...(timeout === undefined ? {} : { timeout_ms: timeout }),
  };
}
