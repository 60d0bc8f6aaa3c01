import { uuidOf } from '../../../domain/ids.ts';
import { serialOf } from '../../../domain/vm/extra-disk.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments/attachments.ts';
import { type MachineOrigin, qemuArguments, type WholeSystem } from './command-line.ts';
import { diskContent, findDescriptor, type InheritedFiles } from './inherited-files.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { attachNetwork } from './network.ts';
import type { QemuProgram } from './qemu-program.ts';

const ROOT_DEVICE = '/dev/vda';

/** The arguments of QEMU for a VM's machine, without the program. A restored one boots no kernel. */
export function machineArguments(
  { vmId, name, spec, network: place }: MachineSpec,
  {
    program,
    accelerator,
    isRestored,
    isNamed = true,
    wholeSystem = null,
    attachments = NO_ATTACHMENTS,
    canGrow = true,
    files,
  }: {
    readonly program: QemuProgram;
    readonly accelerator: 'kvm' | 'tcg';
    readonly isRestored: boolean;
    /** False: its guest is to have no address yet, and to leave its network alone. */
    readonly isNamed?: boolean;
    readonly wholeSystem?: WholeSystem | null;
    /** Of what it is restored from; null: that had no disk for packs. */
    readonly attachments?: Attachments | null;
    /** Of what it is restored from. */
    readonly canGrow?: boolean;
    readonly files: InheritedFiles;
  },
): readonly string[] {
  const uuid = uuidOf(vmId);
  const network = attachNetwork(spec.network.mode, uuid, place);
  const guest = { hostname: name, rootDevice: ROOT_DEVICE, network: isNamed ? network.guestSettings : {} };
  const originOf = (): MachineOrigin => {
    if (isRestored) return { kind: 'restore' };
    if (wholeSystem !== null) return { kind: 'firmware' };
    return { kind: 'boot', kernelCommandLine: kernelCommandLine({ accelerator, ...guest }) };
  };
  return qemuArguments({
    name,
    uuid,
    machineType: program.machineType,
    accelerator,
    vcpuCount: spec.vcpuCount,
    memoryMib: spec.memoryMib,
    hasDisk: true,
    origin: originOf(),
    wholeSystem,
    extraDisks: spec.disks.map((disk) => ({
      ...{ name: disk.name, serial: serialOf(disk), isReadonly: disk.isReadonly },
      isVolume: disk.volume !== null,
      descriptor: findDescriptor(files, diskContent(disk.name)),
    })),
    networkArguments: network.qemuArguments,
    attachments,
    canGrow,
    files,
  });
}
