/**
 * What a machine can be given while it runs. Room for that is part of the machine, and of what is saved of it: it is decided when the machine is
 * started, and read from its arguments. Measured (256 MiB, emulated): eight processors that may come cost the guest 1.7 MiB, sixty-four
 * 17.7 MiB; slots for memory nothing, if its kernel is told not to keep 64 MiB for devices that cannot reach all of it (`swiotlb=noforce`).
 */
import { type MachineGrowth, type MachineShape, noGrowth } from '../../../domain/vm/machine-shape.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments/attachments.ts';
import { dimmsOf, processorsOf } from './attachments/grown.ts';
import { isWholeSystem } from './full-os/system-agent-port.ts';
import type { LaunchRecord } from './launch-record.ts';

/** There is room for so many, or twice as many as it has. */
const FEW_VCPUS = 8;
const MOST_VCPUS = 64;
const MEMORY_SLOTS = 8;
const MEMORY_ROOM_MIB = 65_536;
/** A machine with more has no room for more: addresses are not without end, and the host's memory is not either. */
const LARGE_MEMORY_MIB = 131_072;
/** Linux takes memory in blocks of this size; where it has 64 GiB and more, of up to the larger one. */
const BLOCK_MIB = 128;
const LARGE_BLOCK_MIB = 2_048;
const MUCH_MEMORY_MIB = 65_536;

/**
 * The arguments for processors and memory. `canGrow`: with room for more; `hasOwnKernel`: of a whole system, which room for more memory would cost
 * those 64 MiB, since what its kernel is told is its own affair.
 */
export function sizeArguments(
  { vcpuCount, memoryMib }: { readonly vcpuCount: number; readonly memoryMib: number },
  { canGrow, hasOwnKernel }: { readonly canGrow: boolean; readonly hasOwnKernel: boolean },
): readonly string[] {
  if (!canGrow) {
    const cores = `sockets=1,cores=${vcpuCount},threads=1`;
    return ['-smp', `cpus=${vcpuCount},${cores}`, '-m', `size=${memoryMib}M`];
  }
  const most = Math.max(vcpuCount, Math.min(MOST_VCPUS, Math.max(FEW_VCPUS, 2 * vcpuCount)));
  const room =
    hasOwnKernel || memoryMib > LARGE_MEMORY_MIB ? '' : `,slots=${MEMORY_SLOTS},maxmem=${memoryMib + MEMORY_ROOM_MIB}M`;
  return [
    ...['-smp', `cpus=${vcpuCount},maxcpus=${most},sockets=1,cores=${most},threads=1`],
    ...['-m', `size=${memoryMib}M${room}`],
  ];
}

/** As its VMM was told: what it has been given since, and what the VM's own figures are by now, is another matter. */
export function sizeOf(argv: readonly string[]): { readonly vcpuCount: number; readonly memoryMib: number } {
  const vcpuCount = Number(/^cpus=([0-9]+)/.exec(argumentOf(argv, '-smp'))?.[1]);
  const memoryMib = Number(/^size=([0-9]+)M/.exec(argumentOf(argv, '-m'))?.[1]);
  return { vcpuCount, memoryMib };
}

/** With what it was given while it ran. */
export function grownSize(
  { vcpuCount, memoryMib }: { readonly vcpuCount: number; readonly memoryMib: number },
  attachments: Attachments = NO_ATTACHMENTS,
): { readonly vcpuCount: number; readonly memoryMib: number } {
  const added = dimmsOf(attachments).reduce((sum, dimm) => sum + dimm.memoryMib, 0);
  return { vcpuCount: vcpuCount + processorsOf(attachments).length, memoryMib: memoryMib + added };
}

/** The machine of this record as it is; undefined: an earlier version has started it, and has not written down how large its disk is. */
export function shapeOf({ argv, attachments, diskGib }: LaunchRecord): MachineShape | undefined {
  if (diskGib === undefined) return undefined;
  const size = { ...grownSize(sizeOf(argv), attachments), diskGib };
  return { ...size, growth: growthOf(argv, size, attachments) };
}

function growthOf(
  argv: readonly string[],
  size: Omit<MachineShape, 'growth'>,
  attachments = NO_ATTACHMENTS,
): MachineGrowth {
  const most = Number(/maxcpus=([0-9]+)/.exec(argumentOf(argv, '-smp'))?.[1] ?? size.vcpuCount);
  const [, slots = 0, maximum = 0] = (/slots=([0-9]+),maxmem=([0-9]+)M$/.exec(argumentOf(argv, '-m')) ?? []).map(
    Number,
  );
  const hasSlot = dimmsOf(attachments).length < slots;
  return {
    ...noGrowth(size),
    vcpuCount: most,
    memoryMib: hasSlot ? maximum : size.memoryMib,
    memoryStepMib: sizeOf(argv).memoryMib >= MUCH_MEMORY_MIB ? LARGE_BLOCK_MIB : BLOCK_MIB,
    // A disk with partitions and a file system of any kind is grown by the system that it brings, when that boots.
    canGrowDisk: !isWholeSystem(argv),
  };
}

/** Whether a machine of these arguments has room for more. */
export function canGrow(argv: readonly string[]): boolean {
  return argumentOf(argv, '-smp').includes('maxcpus=');
}

function argumentOf(argv: readonly string[], option: string): string {
  return argv[argv.indexOf(option) + 1] ?? '';
}
