import { chown, lchown, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import type { ContentImage } from '../../../domain/image/image.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { runProgram } from '../../shared/run-program.ts';
import { synchronise } from '../../shared/synchronise.ts';
import type { Identity } from '../../shared/vm-identity.ts';
import type { DiskContents } from './disk-contents.ts';
import { diskFull, NO_SPACE } from './errors.ts';
import { makeOverlay } from './overlay.ts';
import type { QemuProgram } from './qemu-program.ts';
import { copySparse } from './saved/copy-sparse.ts';
import type { SavedMachine } from './saved/saved-machine.ts';
import type { VmDirectory } from './vm-directory.ts';
import { linkVolume } from './volumes/volume-files.ts';

const GIB = 1024 ** 3;
/** The id of a disk's device begins so. */
const DEVICE_PREFIX = 'extra-';
/** How the argument of QEMU for one begins. */
export const EXTRA_DISK_DEVICE = `virtio-blk-pci,id=${DEVICE_PREFIX}`;

/** The node of a disk, as its machine has it. */
export function extraDiskNode(name: string): string {
  return `${DEVICE_PREFIX}${name}`;
}

/** The file of a disk, in the VMM's directory, and in that of a saved machine. */
export function extraDiskFile(name: string): string {
  return `disk-${name}.qcow2`;
}

/** Whether a file of that directory is one of a disk, whoever has that. */
export function isExtraDiskFile(file: string): boolean {
  return /^disk-[a-z0-9-]+\.qcow2$/.test(file);
}

/** The files of those that have one: what is only read is its content, unless it is a volume. */
export function extraDiskPaths(runPath: string, disks: readonly ExtraDisk[]): readonly string[] {
  return disks.flatMap(({ name, isReadonly, volume }) =>
    isReadonly && volume === null ? [] : [join(runPath, extraDiskFile(name))],
  );
}

interface Making extends Abortable {
  readonly program: QemuProgram;
  readonly identity: Identity | null;
  /** What disks begin with, as it is kept. */
  readonly contents: DiskContents;
  /** Of what the machine goes on from. */
  readonly saved: Pick<SavedMachine, 'extraDiskPaths'> | null;
}

/**
 * Makes the disks, anew where an interrupted call has left some: nobody has had them. They are copies of those of the saved machine, if there
 * is one; overlays on what they begin with; or empty. One that is only read has no file of its own. Volumes are there already. Throws as `makeOverlay` and `copySparse`,
 * `invalid_argument` driver.disk_too_small.
 */
export async function makeExtraDisks(
  directory: VmDirectory,
  disks: readonly ExtraDisk[],
  { program, identity, contents, saved, signal }: Making,
): Promise<void> {
  const { runPath } = directory;
  for (const { name, sizeGib, isReadonly, volume } of disks) {
    const file = extraDiskFile(name);
    if (volume !== null) await linkVolume(directory, { id: volume, isReadonly }, { file, identity });
    if (volume !== null || isReadonly || sizeGib === null) continue;
    const path = join(runPath, file);
    await rm(path, { force: true });
    const savedPath = saved?.extraDiskPaths.get(file);
    const content = contents.get(name);
    if (savedPath !== undefined) await copySparse(savedPath, path, { signal });
    else if (content !== undefined) {
      if (sizeGib * GIB < content.rootBytes) throw tooSmall(name, content);
      await makeOverlay(path, { program, backing: relative(runPath, content.rootPath), sizeGib, signal });
    } else await makeEmpty(path, sizeGib, { program, signal });
    if (identity !== null) await chown(path, identity.uid, identity.gid);
    await synchronise(path);
  }
}

/** Makes a disk with nothing in it. Throws as `makeOverlay`. */
export async function makeEmpty(
  path: string,
  sizeGib: number,
  { program, signal }: Pick<Making, 'program' | 'signal'>,
): Promise<void> {
  const args = ['create', '-q', '-f', 'qcow2', path, `${sizeGib}G`];
  const { exitCode, stderr } = await runProgram(program.imageToolPath, args, { signal });
  if (exitCode === 0) return;
  if (NO_SPACE.test(stderr)) throw diskFull(stderr);
  throw new VolaryError('unavailable', 'The disk of the VM could not be made.', {
    reason: 'driver.disk_failed',
    context: { args, exitCode, stderr },
  });
}

/** Makes the disks the VMM's, whoever had them. Throws `data_loss` driver.disk_damaged where one is not there any more. */
export async function claimExtraDisks(
  { runPath }: VmDirectory,
  disks: readonly ExtraDisk[],
  { uid, gid }: Identity,
): Promise<void> {
  for (const { name } of disks.filter(({ isReadonly }) => !isReadonly)) {
    await lchown(join(runPath, extraDiskFile(name)), uid, gid).catch((cause: unknown) => {
      throw new VolaryError('data_loss', `The disk ${name} of this VM is gone: it cannot be started without.`, {
        reason: 'driver.disk_damaged',
        cause,
      });
    });
  }
}

/** One of a machine, as its VMM's arguments have it. */
export interface ExtraDiskDevice {
  readonly name: string;
  readonly serial: string;
  readonly isReadonly: boolean;
  readonly isVolume: boolean;
  /** By which the VMM inherits what it begins with; null: it is empty. */
  readonly descriptor: number | null;
}

/** The arguments of QEMU for them. What one begins with is given, never looked up. */
export function extraDiskArguments(disks: readonly ExtraDiskDevice[]): readonly string[] {
  return disks.flatMap((disk) => {
    const { name, serial, descriptor } = disk;
    const node = extraDiskNode(name);
    return [
      ...(descriptor === null ? [] : ['-add-fd', `fd=${descriptor},set=${descriptor}`]),
      ...nodesOf(node, disk).flatMap((each) => ['-blockdev', JSON.stringify(each)]),
      ...['-device', `${EXTRA_DISK_DEVICE}${name},drive=${node},serial=${serial}`],
    ];
  });
}

function nodesOf(node: string, { name, isReadonly, isVolume, descriptor }: ExtraDiskDevice): readonly object[] {
  const readOnly = { 'read-only': true, 'auto-read-only': false };
  const content =
    descriptor === null
      ? null
      : {
          driver: 'raw',
          file: { driver: 'file', filename: `/dev/fdset/${descriptor}`, ...readOnly },
          'read-only': true,
        };
  if (isReadonly && !isVolume) return [{ 'node-name': node, ...content }];
  const file = { driver: 'file', filename: extraDiskFile(name), discard: 'unmap', aio: 'threads' };
  const written = { 'node-name': node, driver: 'qcow2', file, discard: 'unmap', 'detect-zeroes': 'unmap' };
  const read = {
    'node-name': node,
    driver: 'qcow2',
    file: { driver: 'file', filename: extraDiskFile(name), ...readOnly },
  };
  const disk = isReadonly ? { ...read, 'read-only': true } : written;
  // A volume has been another VM's: what that has written into it names nothing that is looked up.
  if (content === null) return [isVolume ? { ...disk, backing: null } : disk];
  return [
    { 'node-name': `${node}-base`, ...content },
    { ...disk, backing: `${node}-base` },
  ];
}

/** The files of those that a machine of these arguments has, in its directory, in their order. One that is only read has none. */
export function extraDiskFilesOf(argv: readonly string[]): readonly string[] {
  return argv.flatMap((argument) => {
    if (!argument.startsWith(EXTRA_DISK_DEVICE)) return [];
    const name = argument.slice(EXTRA_DISK_DEVICE.length).split(',', 1)[0] ?? '';
    const file = extraDiskFile(name);
    return argv.some((other) => other.includes(`"filename":"${file}"`)) ? [file] : [];
  });
}

function tooSmall(name: string, { rootBytes }: ContentImage): VolaryError {
  const minimum = Math.ceil(rootBytes / GIB);
  return new VolaryError(
    'invalid_argument',
    `The disk ${name} must have at least ${minimum} GiB: what it begins with is that large.`,
    { reason: 'driver.disk_too_small', details: { field: 'disks', minimum } },
  );
}
