import { lchown, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import { uuidOf } from '../../../domain/ids.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { MachineSpec, RestoredSpec, SavedRef } from '../../../ports/driver.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { createConsoleLog } from '../../shared/console-log.ts';
import { type OwnImage, readOwnAgent } from '../../shared/own-agent.ts';
import { type Identity, identityOf } from '../../shared/vm-identity.ts';
import type { AcceleratorChooser } from './accelerator.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments/attachments.ts';
import { givePacks, withPacks } from './attachments/begin-with-packs.ts';
import { contentKeyOf } from './attachments/pack-disk.ts';
import { furnishPacks, keepPack, type PackFiles, removePackFiles } from './attachments/pack-files.ts';
import { FIRST_INHERITED, NOTHING, type WholeSystem } from './command-line.ts';
import { deviceDigestOf, withoutBackEnd } from './device-digest.ts';
import { type DiskContents, findContents } from './disk-contents.ts';
import { noteDiskInUse, readDiskOrigin } from './disk-origin.ts';
import { clearLife } from './end-machine.ts';
import { imageLost, isEndFailed, machinePresent } from './errors.ts';
import { claimExtraDisks } from './extra-disks.ts';
import { writeSeed } from './full-os/seed.ts';
import { findUefi } from './full-os/uefi.ts';
import { grownSize } from './growth.ts';
import { handleOf, inspectVm } from './inspect.ts';
import { hasDisk } from './inspect-disk.ts';
import type { KeptImages } from './kept-images.ts';
import { withKvmGroups } from './kvm-device.ts';
import { launchVmm } from './launch.ts';
import { type LaunchRecord, type Restore, readRecord, writeRecord } from './launch-record.ts';
import { makeLinkKey } from './link-key.ts';
import { machineArguments } from './machine-arguments.ts';
import type { Machines } from './machines.ts';
import { NIC_ID, settingsToTell } from './network.ts';
import type { QemuProgram } from './qemu-program.ts';
import { lengthenDisk } from './resize-machine.ts';
import { prepareRestoredDisks, putRestoredDisks, removePreparedDisks } from './saved/restored-disk.ts';
import { type SavedMachine, savedIdOf } from './saved/saved-machine.ts';
import { setRestoredGoing } from './saved/set-restored-going.ts';
import type { VmDirectory } from './vm-directory.ts';

const GIB = 1024 ** 3;

export interface StartContext extends Abortable {
  readonly machines: Machines;
  readonly installationId: string;
  readonly program: QemuProgram;
  readonly accelerators: AcceleratorChooser;
  readonly images: KeptImages;
  readonly packFiles: PackFiles;
  readonly ownImage: OwnImage;
  /** The saved machine that a life begins from, unaltered. */
  readonly openSaved: (ref: SavedRef) => Promise<SavedMachine>;
  readonly faultPoint?: FaultPoint | undefined;
}

/** A machine to be started; `isSpare`: ahead of its VM, to be given to it by a later start of the same life without that. */
export interface Launch extends MachineSpec {
  readonly isSpare?: boolean;
}

/** Starts the machine unless it is there; the caller holds the VM's lock. Throws as `Driver.startMachine` says. */
export async function startMachine(machine: Launch, context: StartContext): Promise<DriverHandle> {
  const { machines, signal } = context;
  const present = await findPresent(machine, context);
  if (present !== null) return present;

  const directory = machines.directory(machine.vmId);
  if (!(await hasDisk(directory))) throw noDisk();
  const stand = await findImagesOf(directory, context);
  const { image } = stand;
  const saved = machine.from === undefined ? null : await context.openSaved(machine.from);
  const { record, identity } = await prepare(machine, { ...stand, saved }, context);
  const { from } = machine;
  if (saved !== null && from !== undefined)
    await putRestoredDisks(directory, { id: savedIdOf(from), saved, identity, signal });
  else await noteDiskInUse(directory);
  await removePreparedDisks(directory);
  await claimRunDirectory(directory, identity, machine.spec.disks);
  await furnish(directory, record, saved, context);
  await seed(machine, image, context);
  await makeLinkKey(directory);
  try {
    const launched = await launch(machine, { ...stand, saved, record, identity }, context);
    if (saved === null)
      await lengthenDisk(await machines.monitor(machine.vmId, launched).client(), machine.spec.diskGib);
    return handleOf(saved === null ? launched : await goOn(machine, launched, context));
  } catch (error) {
    // What still lives has to be found again.
    if (!isEndFailed(error)) await clearLife(machines, machine.vmId);
    throw error;
  }
}

/** Starts the VMM, and returns once it answers. */
async function launch(
  { vmId, network }: MachineSpec,
  { record, identity, ...origin }: Origin & Prepared,
  { machines, faultPoint, signal }: StartContext,
): Promise<LaunchRecord> {
  const monitor = machines.monitor(vmId, record);
  return await launchVmm(
    {
      directory: machines.directory(vmId),
      record,
      identity,
      inheritedPaths: inheritedFor(machines.directory(vmId), origin),
      namespacePath: network?.namespacePath ?? null,
      diesWithUs: false,
      onExit: () => machines.hint(vmId),
      faultPoint,
    },
    () => monitor.isReachable(),
    signal,
  );
}

/**
 * Starts a VMM for a machine that goes on as what it was, from its own disk, and returns once that answers; it is halted. Its guest is not
 * told who it is, since it knows. Throws as `Driver.startMachine` says, and leaves nothing then.
 */
export async function launchRestored(
  machine: MachineSpec,
  saved: SavedMachine,
  context: StartContext,
): Promise<LaunchRecord> {
  const { machines } = context;
  const directory = machines.directory(machine.vmId);
  if (!(await hasDisk(directory))) throw noDisk();
  const stand = await findImagesOf(directory, context);
  const { image } = stand;
  const { record, identity } = await prepare(machine, { ...stand, saved }, context);
  await noteDiskInUse(directory);
  await claimRunDirectory(directory, identity, machine.spec.disks);
  await furnish(directory, record, saved, context);
  await seed(machine, image, context);
  const restore = { ...restoreOf(machine), isIdentified: true };
  try {
    return await launch(machine, { ...stand, saved, identity, record: { ...record, restore } }, context);
  } catch (error) {
    if (!isEndFailed(error)) await clearLife(machines, machine.vmId);
    throw error;
  }
}

/** Has ready what the machine takes up; the caller holds the VM's lock. Throws as `Driver.prepareRestore` says. */
export async function prepareRestore(machine: RestoredSpec, context: StartContext): Promise<void> {
  const { machines, openSaved, signal } = context;
  const { from } = machine;
  const directory = machines.directory(machine.vmId);
  if (!(await hasDisk(directory))) throw noDisk();
  const [stand, saved] = [await findImagesOf(directory, context), await openSaved(from)];
  await prepare(machine, { ...stand, saved }, context);
  await prepareRestoredDisks(directory, { id: from.id, saved, signal });
}

async function findPresent(machine: Launch, context: StartContext): Promise<DriverHandle | null> {
  const { machines, signal } = context;
  const { machine: present } = await inspectVm(machines, machine.vmId, { signal });
  if (present.kind === 'absent') return null;
  if ('handle' in present && present.incarnation === machine.incarnation) {
    const stored = await readRecord(machines.directory(machine.vmId).recordPath);
    if (stored.kind === 'valid') await goOnIfHeld(machine, stored.record, context);
    return present.handle;
  }
  const { kind: state, incarnation } = { incarnation: null, ...present };
  throw machinePresent({ state, incarnation, wanted: machine.incarnation });
}

/** A former server was interrupted between the machine's start and its going, or it was made ahead and its VM is there now. */
async function goOnIfHeld(machine: Launch, record: LaunchRecord, context: StartContext): Promise<void> {
  if (record.isSpare === true && machine.isSpare !== true) await giveAway(machine, record, context);
  else if (record.restore?.isGoing === false) await goOn(machine, record, context);
}

/**
 * Gives a machine that was made ahead to its VM. It has had its address and its disk's size from the start, since both follow from the VM's id and kind: what
 * is left is its name, its clock and its entropy, which it is told with the first link.
 */
async function giveAway({ vmId, name, packs }: Launch, record: LaunchRecord, context: StartContext): Promise<void> {
  const { machines, packFiles } = context;
  const directory = machines.directory(vmId);
  const client = await machines.monitor(vmId, record).client();
  const attachments = await givePacks(client, record, packs, { directory, packFiles });
  context.faultPoint?.('qemu.packs-attached');
  await client.execute('cont', null);
  const restore = { isGoing: true, isIdentified: false, hostname: name, network: {} };
  await writeRecord(directory.recordPath, { ...record, isSpare: false, restore, attachments });
}

/** Has a machine that was restored take up its state and go, and writes that down. */
async function goOn(machine: Launch, record: LaunchRecord, { machines, signal }: StartContext): Promise<LaunchRecord> {
  const { vmId, spec } = machine;
  const client = await machines.monitor(vmId, record).client();
  await noteDiskInUse(machines.directory(vmId));
  const hasNetwork = record.argv.some((argument) => argument.includes(`id=${NIC_ID}`));
  await setRestoredGoing(client, { hasNetwork, diskBytes: spec.diskGib * GIB, signal });
  const going = { ...record, isSpare: machine.isSpare === true, restore: { ...restoreOf(machine), isGoing: true } };
  await writeRecord(machines.directory(vmId).recordPath, going);
  return going;
}

/** What its VMM is started as. */
interface Prepared {
  readonly record: LaunchRecord;
  readonly identity: Identity | null;
}

/** What the disks of a machine stand on. */
interface Stand {
  readonly image: Image;
  readonly contents: DiskContents;
}

/** What a machine comes from. */
interface Origin extends Stand {
  readonly saved: SavedMachine | null;
}

/** In the order in which the command line counts them. */
function inheritedFor(directory: VmDirectory, origin: Origin): readonly string[] {
  return [...startedFrom(directory, origin), ...[...origin.contents.values()].map(({ rootPath }) => rootPath)];
}

/** The descriptor of what each disk begins with: after all others. */
function contentDescriptors(directory: VmDirectory, origin: Origin): ReadonlyMap<string, number> {
  const first = FIRST_INHERITED + startedFrom(directory, origin).length;
  return new Map([...origin.contents.keys()].map((name, at) => [name, first + at]));
}

function startedFrom({ seedPath }: VmDirectory, { image, saved }: Omit<Origin, 'contents'>): readonly string[] {
  const disks = image.boot === 'firmware' ? [image.rootPath, seedPath] : [image.rootPath];
  if (saved !== null) {
    const { devicesPath, memoryPath, addedMemoryPaths } = saved;
    const places = image.boot === 'firmware' ? disks : [...disks, NOTHING];
    return [devicesPath, memoryPath, ...(addedMemoryPaths.length === 0 ? disks : [...places, ...addedMemoryPaths])];
  }
  if (image.boot === 'firmware') return [NOTHING, NOTHING, ...disks];
  return [image.kernelPath, image.initramfsPath, ...disks];
}

/** The disks say what they need, nobody else: on another image's root one would be another disk, damaged in silence. */
async function findImagesOf(directory: VmDirectory, { images }: StartContext): Promise<Stand> {
  const origin = await readDiskOrigin(directory);
  const image = origin === null ? null : await images.find(origin.imageDigest);
  if (image !== null) return { image, contents: await findContents(origin?.contents, images) };
  throw imageLost({ origin });
}

async function prepare(
  machine: Launch,
  origin: Origin,
  { machines, program, accelerators, packFiles, ownImage, installationId, signal }: StartContext,
): Promise<Prepared> {
  const { image, saved } = origin;
  // A whole system takes too long to tell what works; our own kernel asks no less of it.
  const tried = image.boot === 'direct' ? image : await ownImage({ signal });
  const { accelerator, kvm } = await accelerators.choose(program, tried, { signal });
  if (accelerator.kind === 'none') {
    throw new VolaryError('failed_precondition', accelerator.explanation, { reason: 'driver.no_accelerator' });
  }
  const identity = identityOf(machine.vmId, []);
  const { kind } = accelerator;
  const attachments = await attachmentsOf(machine, saved, { machines, packFiles });
  const record: LaunchRecord = {
    version: 1,
    vmId: machine.vmId,
    installationId,
    incarnation: machine.incarnation,
    uuid: uuidOf(machine.vmId),
    argv: [
      program.path,
      ...machineArguments(asSaved(machine, saved), {
        ...{ program, accelerator: kind, isRestored: saved !== null, attachments },
        canGrow: saved?.facts.canGrow ?? saved === null,
        wholeSystem: wholeSystemOf(image),
        contentDescriptors: contentDescriptors(machines.directory(machine.vmId), origin),
      }),
    ],
    machineType: program.machineType,
    qemuVersion: program.version,
    accelerator: kind,
    imageDigest: image.digest,
    launchedAt: Date.now(),
    consoleOffset: await createConsoleLog(machines.directory(machine.vmId).path).end(),
    process: null,
    restore: saved === null ? null : restoreOf(machine),
    isSpare: machine.isSpare === true,
    attachments: attachments ?? undefined,
    diskGib: machine.spec.diskGib,
    end: null,
  };
  if (saved !== null && !fits(saved, machine, record)) throw doesNotFit();
  const memoryGroup = saved === null ? [] : [(await stat(saved.memoryPath)).gid];
  const user = identity === null ? null : { ...identity, groups: [...identity.groups, ...memoryGroup] };
  return { record, identity: kind === 'kvm' ? withKvmGroups(user, kvm) : user };
}

/** Null: a machine without a disk for packs, from before there was one. */
async function attachmentsOf(
  { vmId, from, packs }: Launch,
  saved: SavedMachine | null,
  { machines, packFiles }: Pick<StartContext, 'machines' | 'packFiles'>,
): Promise<Attachments | null> {
  if (saved === null) return NO_ATTACHMENTS;
  const kept = saved.facts.attachments ?? null;
  return from?.kind === 'warm' ? await withPacks(kept, packs, machines.directory(vmId), packFiles) : kept;
}

function wholeSystemOf(image: Image): WholeSystem | null {
  if (image.boot === 'direct') return null;
  return { uefiPath: image.firmware === 'uefi' ? findUefi() : null };
}

/** Has a whole system's disk beside it from which it learns who it is. A machine that is restored has it as it would be if it booted now. */
async function seed(
  { vmId, name, spec, network: place }: MachineSpec,
  image: Image,
  { machines, ownImage, signal }: StartContext,
) {
  if (image.boot === 'direct') return;
  const agent = await readOwnAgent(await ownImage({ signal }));
  await writeSeed(machines.directory(vmId).seedPath, { ...spec, vmId, name, place: place ?? null, agent });
}

/** What is left to do for a machine that is restored. */
function restoreOf({ vmId, name, spec, network: place }: MachineSpec): Restore {
  const network = settingsToTell(spec.network.mode, uuidOf(vmId), place);
  return { isGoing: false, isIdentified: false, hostname: name, network };
}

/** What it had been given before it was saved, it is given besides. */
function asSaved(machine: Launch, saved: SavedMachine | null): Launch {
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

/** Has the VMM's directory hold the packs of what it takes up; and what an earlier life had there go. */
async function furnish(
  directory: VmDirectory,
  { attachments: { packs } = NO_ATTACHMENTS }: LaunchRecord,
  saved: SavedMachine | null,
  context: StartContext,
): Promise<void> {
  await removePackFiles(directory.runPath);
  const key = contentKeyOf(packs);
  if (key === null) return;
  const isSuspended = saved?.facts.suspendedLife !== undefined;
  for (const pack of packs) {
    const path = saved === null || isSuspended ? null : join(saved.packsPath, pack.digest);
    await keepPack({ ...pack, path }, directory.packsPath, context.packFiles);
  }
  await furnishPacks(packs, { keptPath: directory.packsPath, runPath: directory.runPath, key });
}

/** Makes the run directory and the disk the VMM's, whoever made them, and clears sockets of an earlier life. */
async function claimRunDirectory(
  directory: VmDirectory,
  identity: Identity | null,
  disks: readonly ExtraDisk[],
): Promise<void> {
  const { controlSocketPath, rescueSocketPath, agentSocketPath, systemAgentSocketPath } = directory;
  for (const path of [controlSocketPath, rescueSocketPath, agentSocketPath, systemAgentSocketPath])
    await rm(path, { force: true });
  if (identity === null) return;
  await lchown(directory.runPath, identity.uid, identity.gid);
  await lchown(directory.diskPath, identity.uid, identity.gid);
  await claimExtraDisks(directory, disks, identity);
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
