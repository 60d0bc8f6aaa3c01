import { chown, lchown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { runProgram } from '../../shared/run-program.ts';
import { synchronise } from '../../shared/synchronise.ts';
import { diskFull, NO_SPACE } from './errors.ts';
import type { Identity } from './privileges.ts';
import type { QemuProgram } from './qemu-program.ts';
import type { VmDirectory } from './vm-directory.ts';

/** The id of a disk's device begins so. */
const DEVICE_PREFIX = 'extra-';

/** The file of a disk, in the VMM's directory. */
function fileName(name: string): string {
  return `disk-${name}.qcow2`;
}

/** Makes empty disks, anew where an interrupted call has left some: nobody has had them. Throws as `makeOverlay`. */
export async function makeExtraDisks(
  { runPath }: VmDirectory,
  disks: readonly ExtraDisk[],
  { program, identity, signal }: Abortable & { readonly program: QemuProgram; readonly identity: Identity | null },
): Promise<void> {
  for (const { name, sizeGib } of disks) {
    const path = join(runPath, fileName(name));
    await rm(path, { force: true });
    const args = ['create', '-q', '-f', 'qcow2', path, `${sizeGib}G`];
    const { exitCode, stderr } = await runProgram(program.imageToolPath, args, { signal });
    if (NO_SPACE.test(stderr)) throw diskFull(stderr);
    if (exitCode !== 0) {
      throw new VolaryError('unavailable', 'The disk of the VM could not be made.', {
        reason: 'driver.disk_failed',
        context: { args, exitCode, stderr },
      });
    }
    if (identity !== null) await chown(path, identity.uid, identity.gid);
    await synchronise(path);
  }
}

/** Makes the disks the VMM's, whoever had them. Throws `data_loss` driver.disk_damaged where one is not there any more. */
export async function claimExtraDisks(
  { runPath }: VmDirectory,
  disks: readonly ExtraDisk[],
  { uid, gid }: Identity,
): Promise<void> {
  for (const { name } of disks) {
    await lchown(join(runPath, fileName(name)), uid, gid).catch((cause: unknown) => {
      throw new VolaryError('data_loss', `The disk ${name} of this VM is gone: it cannot be started without.`, {
        reason: 'driver.disk_damaged',
        cause,
      });
    });
  }
}

/** The arguments of QEMU for them. */
export function extraDiskArguments(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const node = `${DEVICE_PREFIX}${name}`;
    const file = { driver: 'file', filename: fileName(name), discard: 'unmap', aio: 'threads' };
    const disk = { 'node-name': node, driver: 'qcow2', file, discard: 'unmap', 'detect-zeroes': 'unmap' };
    return ['-blockdev', JSON.stringify(disk), '-device', `virtio-blk-pci,id=${node},drive=${node},serial=${name}`];
  });
}

/** Whether a machine of these arguments has some. */
export function hasExtraDisks(argv: readonly string[]): boolean {
  return argv.some((argument) => argument.startsWith(`virtio-blk-pci,id=${DEVICE_PREFIX}`));
}
