import { existsSync } from 'node:fs';
import { chown, mkdir, rename, rm, stat } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import type { DiskState, MachineSpec } from '../../../ports/driver.ts';
import { runProgram } from '../../shared/run-program.ts';
import { synchronise } from '../../shared/synchronise.ts';
import { readDiskOrigin, writeDiskOrigin } from './disk-origin.ts';
import { makeLinkKey } from './link-key.ts';
import type { Identity } from './privileges.ts';
import type { QemuProgram } from './qemu-program.ts';
import type { VmDirectory } from './vm-directory.ts';

const GIB = 1024 ** 3;

/** What is there of the VM besides its machine. */
export async function inspectDisk(directory: VmDirectory): Promise<DiskState> {
  if (await hasDisk(directory)) {
    return { kind: 'present', imageDigest: (await readDiskOrigin(directory))?.imageDigest ?? null };
  }
  return { kind: existsSync(directory.path) ? 'remnants' : 'absent' };
}

/** True when the VM's disk is complete. */
export async function hasDisk(directory: VmDirectory): Promise<boolean> {
  const file = await stat(directory.diskPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  return file?.isFile() === true;
}

/**
 * Makes the VM's directory with its link key and its disk: a thin overlay on the image's root. The disk gets its name
 * when it is complete, so half-made ones are never seen; what an interrupted call left is made anew.
 * Throws `invalid_argument` driver.disk_too_small, `resource_exhausted` driver.disk_full, `unavailable` driver.disk_failed.
 */
export async function makeDisk(
  directory: VmDirectory,
  machine: MachineSpec,
  context: { readonly program: QemuProgram; readonly identity: Identity | null; readonly signal: AbortSignal },
): Promise<void> {
  const { spec, image } = machine;
  if (spec.diskGib * GIB < image.rootBytes) throw tooSmall(image.rootBytes);
  try {
    await mkdir(directory.runPath, { recursive: true, mode: 0o700 });
    await makeLinkKey(directory);
    await rm(directory.newDiskPath, { force: true });
    // Before the disk has its name: a disk that is there always knows what it was made from.
    await writeDiskOrigin(directory, image.digest);
    await makeOverlay(directory.newDiskPath, machine, context);
    if (context.identity !== null) {
      await chown(directory.newDiskPath, context.identity.uid, context.identity.gid);
      await chown(directory.runPath, context.identity.uid, context.identity.gid);
    }
    await synchronise(directory.newDiskPath);
    await rename(directory.newDiskPath, directory.diskPath);
    await synchronise(directory.runPath);
  } catch (error) {
    await rm(directory.newDiskPath, { force: true });
    throw isNoSpace(error) ? diskFull(error) : error;
  }
}

async function makeOverlay(
  path: string,
  { spec, image }: MachineSpec,
  { program, signal }: { readonly program: QemuProgram; readonly signal: AbortSignal },
): Promise<void> {
  const args = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', image.rootPath, path, `${spec.diskGib}G`];
  const result = await runProgram(program.imageToolPath, args, { signal });
  if (result.exitCode === 0) return;
  if (/No space left|Disk quota exceeded/.test(result.stderr)) throw diskFull(result.stderr);
  throw new VolaryError('unavailable', 'The disk of the VM could not be made.', {
    reason: 'driver.disk_failed',
    context: { args, exitCode: result.exitCode, stderr: result.stderr },
  });
}

function tooSmall(rootBytes: number): VolaryError {
  const minimum = Math.ceil(rootBytes / GIB);
  return new VolaryError(
    'invalid_argument',
    `disk_gib must be at least ${minimum}: the image's root disk is that large.`,
    {
      reason: 'driver.disk_too_small',
      details: { field: 'disk_gib', minimum },
    },
  );
}

function diskFull(cause: unknown): VolaryError {
  return new VolaryError('resource_exhausted', 'There is no space left on the disk that holds the VMs.', {
    reason: 'driver.disk_full',
    cause,
  });
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
