/** Decides what a VMM is started as, before anything of the VM is touched. */
import { stat } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import { uuidOf } from '../../../domain/ids.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import { createConsoleLog } from '../../shared/console-log.ts';
import { type Identity, identityOf } from '../../shared/vm-identity.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments/attachments.ts';
import { withPacks } from './attachments/begin-with-packs.ts';
import type { WholeSystem } from './command-line.ts';
import { deviceDigestOf, withoutBackEnd } from './device-digest.ts';
import { type DiskContents, findContents } from './disk-contents.ts';
import { readDiskOrigin } from './disk-origin.ts';
import { imageLost } from './errors.ts';
import { findUefi } from './full-os/uefi.ts';
import { restoreOf } from './go-on.ts';
import { grownSize } from './growth.ts';
import { type InheritedFiles, inheritedFiles } from './inherited-files.ts';
import { hasDisk } from './inspect-disk.ts';
import type { KeptImages } from './kept-images.ts';
import { withKvmGroups } from './kvm-device.ts';
import type { LaunchRecord } from './launch-record.ts';
import { machineArguments } from './machine-arguments.ts';
import type { SavedMachine } from './saved/saved-machine.ts';
import type { StartContext, StartSpec } from './start-context.ts';
import type { VmDirectory } from './vm-directory.ts';

/** What the disks of a machine stand on. */
export interface DiskBase {
  readonly image: Image;
  readonly contents: DiskContents;
}

/** What a VMM is started as. */
export interface PreparedLaunch {
  /** Without the process, which does not exist yet. */
  readonly record: LaunchRecord;
  /** As whom it runs; null: as we do. */
  readonly identity: Identity | null;
  readonly files: InheritedFiles;
  readonly image: Image;
  /** What the machine is restored from; null: it boots. */
  readonly saved: SavedMachine | null;
}

/**
 * What the disks of this VM stand on. They say so themselves: on another image's root one would be another disk,
 * damaged in silence. Throws `failed_precondition` driver.no_disk, `data_loss` image.lost.
 */
export async function findDiskBase(
  directory: VmDirectory,
  { images }: { readonly images: KeptImages },
): Promise<DiskBase> {
  if (!(await hasDisk(directory))) throw noDisk();
  const origin = await readDiskOrigin(directory);
  const image = origin === null ? null : await images.find(origin.imageDigest);
  if (image !== null) return { image, contents: await findContents(origin?.contents, images) };
  throw imageLost({ origin });
}

/**
 * Of the VM's own files it writes none but those of the packs that the machine is to have. Throws as
 * `Driver.startMachine` says.
 */
export async function prepareLaunch(
  machine: StartSpec,
  { image, contents, saved }: DiskBase & { readonly saved: SavedMachine | null },
  context: StartContext,
): Promise<PreparedLaunch> {
  const { machines, program, accelerators, ownImage, installationId, signal } = context;
  const directory = machines.directory(machine.vmId);
  // A whole system takes too long to tell what works; our own kernel asks no less of it.
  const tried = image.boot === 'direct' ? image : await ownImage({ signal });
  const { accelerator, kvm } = await accelerators.choose(program, tried, { signal });
  if (accelerator.kind === 'none') {
    throw new VolaryError('failed_precondition', accelerator.explanation, { reason: 'driver.no_accelerator' });
  }
  const { kind } = accelerator;
  const attachments = await attachmentsOf(machine, saved, context);
  const files = inheritedFiles({ image, saved, contents, seedPath: directory.seedPath });
  const record: LaunchRecord = {
    version: 1,
    vmId: machine.vmId,
    installationId,
    incarnation: machine.incarnation,
    uuid: uuidOf(machine.vmId),
    argv: [
      program.path,
      ...machineArguments(asSaved(machine, saved), {
        ...{ program, accelerator: kind, isRestored: saved !== null, attachments, files },
        canGrow: saved?.facts.canGrow ?? saved === null,
        wholeSystem: wholeSystemOf(image),
      }),
    ],
    machineType: program.machineType,
    qemuVersion: program.version,
    accelerator: kind,
    imageDigest: image.digest,
    launchedAt: Date.now(),
    consoleOffset: await createConsoleLog(directory.path).end(),
    process: null,
    restore: saved === null ? null : restoreOf(machine),
    isSpare: machine.isSpare === true,
    attachments: attachments ?? undefined,
    diskGib: machine.spec.diskGib,
    end: null,
  };
  if (saved !== null && !fits(saved, machine, record)) throw doesNotFit();
  const user = await userOf(machine, saved);
  return { record, files, image, saved, identity: kind === 'kvm' ? withKvmGroups(user, kvm) : user };
}

/** What was saved can be read by its group alone. */
async function userOf({ vmId }: MachineSpec, saved: SavedMachine | null): Promise<Identity | null> {
  const identity = identityOf(vmId, []);
  const memoryGroup = saved === null ? [] : [(await stat(saved.memoryPath)).gid];
  return identity === null ? null : { ...identity, groups: [...identity.groups, ...memoryGroup] };
}

/** Null: a machine without a disk for packs, from before there was one. */
async function attachmentsOf(
  { vmId, from, packs }: StartSpec,
  saved: SavedMachine | null,
  { machines, packFiles }: StartContext,
): Promise<Attachments | null> {
  if (saved === null) return NO_ATTACHMENTS;
  const kept = saved.facts.attachments ?? null;
  return from?.kind === 'warm' ? await withPacks(kept, packs, machines.directory(vmId), packFiles) : kept;
}

function wholeSystemOf(image: Image): WholeSystem | null {
  if (image.boot === 'direct') return null;
  return { uefiPath: image.firmware === 'uefi' ? findUefi() : null };
}

/** What it had been given before it was saved, it is given besides. */
function asSaved(machine: StartSpec, saved: SavedMachine | null): StartSpec {
  if (saved === null) return machine;
  const { vcpuCount, memoryMib } = saved.facts;
  return { ...machine, spec: { ...machine.spec, vcpuCount, memoryMib } };
}

/** Whether this machine can take up what was saved: to the last device and version the same. */
function fits({ facts }: SavedMachine, { spec }: MachineSpec, record: LaunchRecord): boolean {
  const { qemuVersion, accelerator, imageDigest } = record;
  const { vcpuCount, memoryMib } = grownSize(facts, facts.attachments);
  const isAsLarge = spec.vcpuCount === vcpuCount && spec.memoryMib === memoryMib;
  return (
    isAsLarge &&
    [record.argv, withoutBackEnd(record.argv)].some((argv) => facts.deviceDigest === deviceDigestOf(argv)) &&
    facts.qemuVersion === qemuVersion &&
    facts.accelerator === accelerator &&
    facts.imageDigest === imageDigest
  );
}

function doesNotFit(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The snapshot does not fit this VM or this host: its processors, memory, devices or QEMU were others.',
    { reason: 'snapshot.does_not_fit' },
  );
}

function noDisk(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no disk to start from.', { reason: 'driver.no_disk' });
}
