import { VolaryError } from '../../../domain/errors.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { runProgram } from '../../shared/run-program.ts';
import { diskFull, NO_SPACE } from './errors.ts';
import type { QemuProgram } from './qemu-program.ts';

/** What a thin overlay is made with. */
export interface Overlay extends Abortable {
  readonly program: QemuProgram;
  /** What lies below it, by the path that is written into it; nothing is looked up there. */
  readonly backing: string;
  readonly sizeGib: number;
}

/** Makes an empty overlay. Throws `resource_exhausted` driver.disk_full, `unavailable` driver.disk_failed. */
export async function makeOverlay(path: string, { program, backing, sizeGib, signal }: Overlay): Promise<void> {
  const args = ['create', '-q', '-u', '-f', 'qcow2', '-F', 'raw', '-b', backing, path, `${sizeGib}G`];
  const result = await runProgram(program.imageToolPath, args, { signal });
  if (result.exitCode === 0) return;
  if (NO_SPACE.test(result.stderr)) throw diskFull(result.stderr);
  throw new VolaryError('unavailable', 'The disk of the VM could not be made.', {
    reason: 'driver.disk_failed',
    context: { args, exitCode: result.exitCode, stderr: result.stderr },
  });
}
