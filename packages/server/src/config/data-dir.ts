import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { VolaryError } from '../domain/errors.ts';

/** Makes the data directory (mode 0700) unless it is there. Throws `failed_precondition` config.data_dir with what to do. */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new VolaryError(
      'failed_precondition',
      `The data directory ${path} cannot be written; choose another with --data-dir, or make it yours with chown.`,
      {
        reason: 'config.data_dir',
        cause: error,
      },
    );
  }
}
