import type { Execution } from '@volary/contract';
import type { CommandRequest, VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { whileInSight } from './in-sight.ts';
import type { WayOut } from './run-session.ts';
import { terminalSize } from './terminal.ts';

/** What is run, and how it is joined to us. */
export interface JoinedCommand {
  readonly request: Omit<CommandRequest, 'tty' | 'stdin'>;
  readonly hasStdin: boolean;
  readonly hasTty: boolean;
  /** What becomes of a command whose terminal the user leaves by `~.`. */
  readonly wayOut: WayOut;
}

/**
 * Runs a command in a VM as if it ran here, until it has ended. Throws a `CliError` if the user left it, and `cli.lost_sight` where its
 * server is gone.
 */
export async function runCommand(
  context: Context,
  client: VolaryClient,
  ref: string,
  { request, hasStdin, hasTty, wayOut }: JoinedCommand,
): Promise<Execution> {
  const session = await client.executions.start(ref, toExecRequest(context, { request, hasStdin, hasTty }));
  return await whileInSight(session.execution.id, async () => {
    if (context.globals.json !== true) {
      const { runSession } = await import('./run-session.ts');
      return runSession(context, session, { hasStdin, hasTty, wayOut });
    }
    const { printSessionAsJson } = await import('./json-session.ts');
    return printSessionAsJson(context, session, { hasStdin });
  });
}

/** The request of a command that has our input or not, and a terminal of the size and the kind of ours or none. */
export function toExecRequest(
  context: Context,
  { request, hasStdin, hasTty }: Omit<JoinedCommand, 'wayOut'>,
): CommandRequest {
  const env = environment(context, request.env, hasTty);
  return {
    ...request,
    ...(hasTty ? { tty: terminalSize(context) } : {}),
    ...(hasStdin ? { stdin: true } : {}),
    ...(Object.keys(env).length === 0 ? {} : { env }),
  };
}

/** On a terminal, programs are told what kind it is. */
function environment(
  { env }: Context,
  given: Readonly<Record<string, string>> | undefined,
  hasTty: boolean,
): Record<string, string> {
  return { ...(hasTty && env['TERM'] !== undefined ? { TERM: env['TERM'] } : {}), ...given };
}
