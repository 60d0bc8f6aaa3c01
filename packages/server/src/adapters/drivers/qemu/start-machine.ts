import { lchown, rm } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import { uuidOf } from '../../../domain/ids.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import type { AcceleratorChooser } from './accelerator.ts';
import { qemuArguments } from './command-line.ts';
import { createConsoleLog } from './console-log.ts';
import { readDiskOrigin } from './disk-origin.ts';
import { clearLife } from './end-machine.ts';
import { isEndFailed, machinePresent } from './errors.ts';
import { handleOf, inspectVm } from './inspect.ts';
import { hasDisk } from './inspect-disk.ts';
import type { KeptImages } from './kept-images.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { withKvmGroups } from './kvm-device.ts';
import { launchVmm } from './launch.ts';
import type { LaunchRecord } from './launch-record.ts';
import { makeLinkKey } from './link-key.ts';
import type { Machines } from './machines.ts';
import { attachNetwork } from './network.ts';
import { type Identity, identityOf } from './privileges.ts';
import type { QemuProgram } from './qemu-program.ts';
import type { VmDirectory } from './vm-directory.ts';

const ROOT_DEVICE = '/dev/vda';

export interface StartContext extends Abortable {
  readonly machines: Machines;
  readonly installationId: string;
  readonly program: QemuProgram;
  readonly accelerators: AcceleratorChooser;
  readonly images: KeptImages;
  readonly faultPoint?: FaultPoint | undefined;
}

/** Starts the machine unless it is there; the caller holds the VM's lock. Throws as `Driver.startMachine` says. */
export async function startMachine(machine: MachineSpec, context: StartContext): Promise<DriverHandle> {
  const { machines, signal } = context;
  const present = await findPresent(machine, context);
  if (present !== null) return present;

  const directory = machines.directory(machine.vmId);
  if (!(await hasDisk(directory))) throw noDisk();
  const image = await findImageOf(directory, context);
  const { record, identity } = await prepare(machine, image, context);
  await claimRunDirectory(directory, identity);
  await makeLinkKey(directory);
  try {
    const monitor = machines.monitor(machine.vmId, record);
    const launched = await launchVmm(
      {
        directory,
        record,
        identity,
        inheritedPaths: [image.kernelPath, image.initramfsPath, image.rootPath],
        diesWithUs: false,
        onExit: () => machines.hint(machine.vmId),
        faultPoint: context.faultPoint,
      },
      () => monitor.isReachable(),
      signal,
    );
    return handleOf(launched);
  } catch (error) {
    // What still lives has to be found again.
    if (!isEndFailed(error)) await clearLife(machines, machine.vmId);
    throw error;
  }
}

async function findPresent(machine: MachineSpec, { machines, signal }: StartContext): Promise<DriverHandle | null> {
  const { machine: present } = await inspectVm(machines, machine.vmId, { signal });
  if (present.kind === 'absent') return null;
  const isSame = present.incarnation === machine.incarnation;
  if (isSame && (present.kind === 'running' || present.kind === 'paused')) return present.handle;
  throw machinePresent({ state: present.kind, incarnation: present.incarnation, wanted: machine.incarnation });
}

/** The disk says what it needs, nobody else: on another image's root it would be another disk, damaged in silence. */
async function findImageOf(directory: VmDirectory, { images }: StartContext): Promise<Image> {
  const origin = await readDiskOrigin(directory);
  const image = origin === null ? null : await images.find(origin.imageDigest);
  if (image !== null) return image;
  throw new VolaryError('data_loss', 'The image that the disk of this VM was made from is gone from the host.', {
    reason: 'image.lost',
    context: { origin },
  });
}

async function prepare(
  machine: MachineSpec,
  image: Image,
  { machines, program, accelerators, installationId, signal }: StartContext,
): Promise<{ readonly record: LaunchRecord; readonly identity: Identity | null }> {
  const { accelerator, kvm } = await accelerators.choose(program, image, { signal });
  if (accelerator.kind === 'none') {
    throw new VolaryError('failed_precondition', accelerator.explanation, { reason: 'driver.no_accelerator' });
  }
  const identity = identityOf(machine.vmId, []);
  const { kind } = accelerator;
  const record: LaunchRecord = {
    version: 1,
    vmId: machine.vmId,
    installationId,
    incarnation: machine.incarnation,
    uuid: uuidOf(machine.vmId),
    argv: [program.path, ...argumentsOf(machine, program.machineType, kind)],
    machineType: program.machineType,
    qemuVersion: program.version,
    accelerator: kind,
    imageDigest: image.digest,
    launchedAt: Date.now(),
    consoleOffset: await createConsoleLog(machines.directory(machine.vmId).path).end(),
    process: null,
    end: null,
  };
  return { record, identity: kind === 'kvm' ? withKvmGroups(identity, kvm) : identity };
}

function argumentsOf(machine: MachineSpec, machineType: string, accelerator: 'kvm' | 'tcg'): readonly string[] {
  const uuid = uuidOf(machine.vmId);
  const { vcpuCount, memoryMib, network: wanted } = machine.spec;
  const network = attachNetwork(wanted.mode, uuid);
  return qemuArguments({
    name: machine.name,
    uuid,
    machineType,
    accelerator,
    vcpuCount,
    memoryMib,
    hasDisk: true,
    kernelCommandLine: kernelCommandLine({
      accelerator,
      hostname: machine.name,
      rootDevice: ROOT_DEVICE,
      network: network.guestSettings,
    }),
    networkArguments: network.qemuArguments,
  });
}

/** Makes the run directory and the disk the VMM's, whoever made them, and clears sockets of an earlier life. */
async function claimRunDirectory(directory: VmDirectory, identity: Identity | null): Promise<void> {
  for (const path of [directory.controlSocketPath, directory.rescueSocketPath, directory.agentSocketPath]) {
    await rm(path, { force: true });
  }
  if (identity === null) return;
  await lchown(directory.runPath, identity.uid, identity.gid);
  await lchown(directory.diskPath, identity.uid, identity.gid);
}

function noDisk(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no disk to start from.', { reason: 'driver.no_disk' });
}
