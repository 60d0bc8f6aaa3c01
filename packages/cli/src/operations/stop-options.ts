import type { StopVmRequest } from '@volary/contract';
import type { Command } from 'commander';
import { parseDurationMs } from '../parse-values.ts';

export interface StopOptions {
  readonly wait: boolean;
  readonly force?: true;
  /** Milliseconds. */
  readonly grace?: number;
}

/** Adds how a machine is ended. */
export function addStopOptions(command: Command): Command {
  return command
    .option('--grace <time>', 'how long the guest may take to shut down, such as 10s (default 30s)', parseDurationMs)
    .option('-f, --force', 'end the machine at once, as if its plug were pulled');
}

/** The options as a request. */
export function stopRequest({ grace, force }: StopOptions): StopVmRequest {
  return { ...(grace === undefined ? {} : { grace_ms: grace }), ...(force === undefined ? {} : { force }) };
}
