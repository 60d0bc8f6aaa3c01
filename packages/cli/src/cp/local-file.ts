import { CliError } from '../errors.ts';
import { isSystemError, systemReason } from '../output/system-error.ts';

/** Does something with a file of this machine. Throws a `CliError` with its path and the system's reason where that refuses. */
export async function locally<T>(path: string, verb: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CliError(`${path} cannot be ${verb}: ${systemReason(cause)}.`, {
      reason: cause.code === 'ENOENT' ? 'cli.no_such_file' : 'cli.file_refused',
      cause,
    });
  }
}
