import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { VolaryError } from '../../../domain/errors.ts';
import { isDiskFull } from '../../shared/disk-full.ts';

/**
 * Replaces a file of a simulated host: after a kill there is the content before or the one after, and after a failure the one before. Throws
 * `resource_exhausted` driver.disk_full.
 */
export function writeKept(path: string, content: string): void {
  const part = `${path}.new`;
  try {
    writeFileSync(part, content, { mode: 0o600 });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    if (!isDiskFull(error)) throw error;
    throw new VolaryError('resource_exhausted', 'There is no space left on the disk that holds the VMs.', {
      reason: 'driver.disk_full',
      cause: error,
    });
  }
}

/** Keeps what a guest remembers by itself: that its host is full is nothing to it. */
export function unlessFull(keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (!(error instanceof VolaryError && error.reason === 'driver.disk_full')) throw error;
  }
}
