import { uuidOf } from '../../../domain/ids.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments/attachments.ts';
import { qemuArguments } from './command-line.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { attachNetwork } from './network.ts';
import type { QemuProgram } from './qemu-program.ts';

const ROOT_DEVICE = '/dev/vda';

/** The arguments of QEMU for a VM's machine, without the program. A restored one boots no kernel. */
export function machineArguments(
  { vmId, name, spec }: MachineSpec,
  {
    program,
    accelerator,
    isRestored,
    isNamed = true,
    attachments = NO_ATTACHMENTS,
  }: {
    readonly program: QemuProgram;
    readonly accelerator: 'kvm' | 'tcg';
    readonly isRestored: boolean;
    /** False: its guest is to have no address yet, and to leave its network alone. */
    readonly isNamed?: boolean;
    /** Of what it is restored from; null: that had no disk for packs. */
    readonly attachments?: Attachments | null;
  },
): readonly string[] {
  const uuid = uuidOf(vmId);
  const network = attachNetwork(spec.network.mode, uuid);
  const guest = { hostname: name, rootDevice: ROOT_DEVICE, network: isNamed ? network.guestSettings : {} };
  return qemuArguments({
    name,
    uuid,
    machineType: program.machineType,
    accelerator,
    vcpuCount: spec.vcpuCount,
    memoryMib: spec.memoryMib,
    hasDisk: true,
    origin: isRestored
      ? { kind: 'restore' }
      : { kind: 'boot', kernelCommandLine: kernelCommandLine({ accelerator, ...guest }) },
    networkArguments: network.qemuArguments,
    attachments,
  });
}
