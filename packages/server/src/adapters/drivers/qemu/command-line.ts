import type { VmSpec } from '../../../domain/vm/spec.ts';
import { type Attachments, addedDeviceArguments } from './attachments/attachments.ts';
import { contentKeyOf, packDiskArguments } from './attachments/pack-disk.ts';
import { type ExtraDiskDevice, extraDiskArguments } from './extra-disks.ts';
import { SYSTEM_AGENT_PORT } from './full-os/system-agent-port.ts';
import { sizeArguments } from './growth.ts';
import { descriptorOf, type InheritedFiles } from './inherited-files.ts';
import { RUN_FILES } from './vm-directory.ts';

/** The virtio port that the guest agent opens. */
export const AGENT_PORT = 'org.volary.agent.0';
/** Name of the ring that keeps the console's last bytes while nobody drains it. */
export const CONSOLE_DEVICE = 'console';
/** What the ring keeps, bytes; a power of two. It is the VMM's own memory: the guest cannot fill the host's disk. */
export const CONSOLE_RING_BYTES = 256 * 1024;

/** How the back end of memory begins that a machine was restored from. */
const RESTORED_MEMORY = 'memory-backend-file,id=memory,';

/** How a machine comes to life: by booting a kernel, by what its firmware finds on its disk, or by taking up the saved state of one. */
export type MachineOrigin =
  | { readonly kind: 'boot'; readonly kernelCommandLine: string }
  | { readonly kind: 'firmware' }
  | { readonly kind: 'restore' };

/** What a machine is made of, as far as its VMM's arguments go. */
export interface Machine {
  readonly name: string;
  readonly uuid: string;
  readonly machineType: string;
  readonly accelerator: 'kvm' | 'tcg';
  readonly vcpuCount: VmSpec['vcpuCount'];
  readonly memoryMib: VmSpec['memoryMib'];
  readonly hasDisk: boolean;
  readonly origin: MachineOrigin;
  /** What a whole system has besides; null: it is none. */
  readonly wholeSystem: WholeSystem | null;
  /** The disks besides the root. */
  readonly extraDisks: readonly ExtraDiskDevice[];
  readonly networkArguments: readonly string[];
  /** Whether it has room for more processors and memory; a machine of an earlier version has not. */
  readonly canGrow: boolean;
  /** What it had been given before it was saved; null: it has no disk for packs, as one of an earlier version. */
  readonly attachments: Attachments | null;
  /** The files that its VMM inherits, as it is launched with them. */
  readonly files: InheritedFiles;
}

/** A machine whose disk brings everything that runs in it. */
export interface WholeSystem {
  /** The file of a UEFI; null: QEMU's own BIOS. */
  readonly uefiPath: string | null;
}

/**
 * The arguments of QEMU for this machine, without the program. Every path is relative to the run directory or a
 * descriptor. No balloon: were this memory ever shared with a fork, a balloon would corrupt both.
 */
export function qemuArguments(machine: Machine): readonly string[] {
  return [
    ...['-name', `volary-${machine.name}`, '-uuid', machine.uuid],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...machineArguments(machine),
    ...acceleratorArguments(machine.accelerator),
    ...sizeArguments(machine, { canGrow: machine.canGrow, hasOwnKernel: machine.wholeSystem !== null }),
    // Asleep, it would hear nobody until something outside wakes it. A guest may still idle, which its kernel calls sleep too.
    ...['-global', 'ICH9-LPC.disable_s3=1', '-global', 'ICH9-LPC.disable_s4=1'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    // It stays when the guest ends, so that a server that was away can still be told how. A reset is an end too: a machine that was
    // restored has neither a kernel nor a firmware to start again, since what is saved of one has no ROM.
    ...['-action', 'shutdown=pause,panic=pause,reboot=shutdown'],
    ...originArguments(machine),
    ...monitorArguments('qmp', RUN_FILES.controlSocket),
    ...monitorArguments('rescue', RUN_FILES.rescueSocket),
    ...portArguments(machine),
    ...(machine.hasDisk ? diskArguments(machine) : []),
    ...(machine.wholeSystem === null ? [] : wholeSystemArguments(machine.wholeSystem, machine.files)),
    ...extraDiskArguments(machine.extraDisks),
    ...machine.networkArguments,
    ...['-chardev', `ringbuf,id=${CONSOLE_DEVICE},size=${CONSOLE_RING_BYTES}`, '-serial', `chardev:${CONSOLE_DEVICE}`],
    ...['-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0'],
    ...['-device', 'pvpanic-pci'],
    ...(machine.attachments === null ? [] : attachmentArguments(machine.attachments, machine.files)),
  ];
}

/** The descriptor by which the VMM of these arguments holds the memory that it was restored from; null: it booted. */
export function restoredMemoryOf(argv: readonly string[]): number | null {
  const backend = argv.find((argument) => argument.startsWith(RESTORED_MEMORY));
  const descriptor = /,mem-path=[/]dev[/]fd[/]([0-9]+),/.exec(backend ?? '')?.[1];
  return descriptor === undefined ? null : Number(descriptor);
}

/** Last of all, so that its guest knows the other disks by the same names as before. */
function attachmentArguments(attachments: Attachments, files: InheritedFiles): readonly string[] {
  return [...packDiskArguments(contentKeyOf(attachments.packs)), ...addedDeviceArguments(attachments, files)];
}

function portArguments({ wholeSystem }: Machine): readonly string[] {
  const ours = [
    ...['-chardev', listen('agent', RUN_FILES.agentSocket)],
    ...['-device', `virtserialport,bus=serial0.0,chardev=agent,name=${AGENT_PORT}`],
  ];
  if (wholeSystem === null) return ['-device', 'virtio-serial-pci,id=serial0,max_ports=2', ...ours];
  return [
    ...['-device', 'virtio-serial-pci,id=serial0,max_ports=3', ...ours],
    ...['-chardev', listen('system-agent', RUN_FILES.systemAgentSocket)],
    ...['-device', `virtserialport,bus=serial0.0,chardev=system-agent,name=${SYSTEM_AGENT_PORT}`],
  ];
}

/** Its firmware, and the disk that it is told by who it is. */
function wholeSystemArguments({ uefiPath }: WholeSystem, files: InheritedFiles): readonly string[] {
  const nodes = [
    { 'node-name': 'seed-file', driver: 'file', filename: '/dev/fdset/2', 'read-only': true, 'auto-read-only': false },
    { 'node-name': 'seed', driver: 'raw', file: 'seed-file', 'read-only': true },
  ];
  return [
    ...(uefiPath === null ? [] : ['-bios', uefiPath]),
    ...['-add-fd', `fd=${descriptorOf(files, 'seed')},set=2`],
    ...nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...['-device', 'virtio-blk-pci,id=seed0,drive=seed,serial=seed'],
  ];
}

function machineArguments({ machineType, memoryMib, origin, files }: Machine): readonly string[] {
  const machine = `${machineType},usb=off,sata=off,smbus=off,vmport=off,hpet=off,dump-guest-core=off`;
  if (origin.kind !== 'restore') return ['-machine', machine];
  const path = `/dev/fd/${descriptorOf(files, 'memory')}`;
  // It stays open as long as the VMM lives.
  const memory = `${RESTORED_MEMORY}size=${memoryMib}M,mem-path=${path},share=off`;
  // What it shares with others it only reads; its state comes without memory, and without a description of itself.
  return ['-machine', `${machine},memory-backend=memory,suppress-vmdesc=on`, '-object', memory];
}

/** A restored machine has no kernel to boot from; a reboot of its guest is a new start. It is set going once it may be. */
function originArguments({ origin, files }: Machine): readonly string[] {
  if (origin.kind === 'firmware') return [];
  if (origin.kind === 'boot') {
    const path = (name: 'kernel' | 'initramfs'): string => `/dev/fd/${descriptorOf(files, name)}`;
    return ['-kernel', path('kernel'), '-initrd', path('initramfs'), '-append', origin.kernelCommandLine];
  }
  return ['-S', '-global', 'migration.send-configuration=off', '-incoming', `fd:${descriptorOf(files, 'devices')}`];
}

/**
 * How much translated code QEMU keeps, MiB. By default it is up to 1,024 for each machine, which a host that is full of them does not have; a guest that runs
 * more code than this has some of it translated again.
 */
export const TRANSLATED_MIB = 128;

function acceleratorArguments(accelerator: Machine['accelerator']): readonly string[] {
  // The largest processor that can be had: nothing here is ever moved to another host.
  if (accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', 'host'];
  return ['-accel', `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`, '-cpu', 'max'];
}

function monitorArguments(id: string, socket: string): readonly string[] {
  return ['-chardev', listen(id, socket), '-mon', `chardev=${id},mode=control`];
}

function listen(id: string, socket: string): string {
  return `socket,id=${id},path=${socket},server=on,wait=off`;
}

/** The VM's own overlay on the image's root disk. Every node is named, and the backing one is given, never looked up. */
function diskArguments({ wholeSystem, files }: Machine): readonly string[] {
  const nodes = [
    { 'node-name': 'base-file', driver: 'file', filename: '/dev/fdset/1', 'read-only': true, 'auto-read-only': false },
    { 'node-name': 'base', driver: 'raw', file: 'base-file', 'read-only': true },
    { 'node-name': 'disk-file', driver: 'file', filename: RUN_FILES.disk, discard: 'unmap', aio: 'threads' },
    {
      'node-name': 'disk',
      driver: 'qcow2',
      file: 'disk-file',
      backing: 'base',
      discard: 'unmap',
      'detect-zeroes': 'unmap',
    },
  ];
  return [
    ...['-add-fd', `fd=${descriptorOf(files, 'root')},set=1`],
    ...nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...['-device', `virtio-blk-pci,id=disk0,drive=disk${wholeSystem === null ? '' : ',bootindex=0'}`],
  ];
}
