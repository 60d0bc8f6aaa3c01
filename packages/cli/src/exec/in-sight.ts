import { VolaryApiError, VolaryConnectionError } from '@volary/sdk';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';

const OUTAGES: ReadonlySet<string> = new Set(['server.stopping', 'server.not_ready', 'store.closed']);

/**
 * Follows a command that has begun. Throws `cli.lost_sight`, with the way back to it, if its server cannot be reached any more:
 * that ends no command, which belongs to its VM.
 */
export async function whileInSight<T>(executionId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isOutage(cause)) throw cause;
    throw new CliError(`The server does not answer any more; the command ${executionId} may run on.`, {
      exitCode: EXIT_CODES.execFailed,
      reason: 'cli.lost_sight',
      hint: `when the server is back: volary attach ${executionId}`,
      cause,
    });
  }
}

/** Not each `unavailable` is one: the guest may be what does not answer, and its server says so. */
function isOutage(error: unknown): boolean {
  if (error instanceof VolaryConnectionError) return true;
  return error instanceof VolaryApiError && OUTAGES.has(error.reason);
}
