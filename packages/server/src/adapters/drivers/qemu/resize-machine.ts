/**
 * Makes a machine larger while it runs: processors and memory are plugged in, its disk is lengthened. QEMU is asked for what is there
 * already, so that a server that was killed in the middle is followed by one that goes on; what was done is written down each time.
 */
import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import { growTowards, type MachineShape, type MachineSize } from '../../../domain/vm/machine-shape.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import { type Attachments, NO_ATTACHMENTS } from './attachments/attachments.ts';
import { dimmDevicesOf, memoryInSlot, processor, processorsOf } from './attachments/grown.ts';
import { noMachine } from './errors.ts';
import { grownSize, shapeOf, sizeOf } from './growth.ts';
import { type LaunchRecord, writeRecord } from './launch-record.ts';
import type { Machines } from './machines.ts';
import { findRecord, requireMachine } from './present-machine.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { lengthenNode } from './volumes/grow-volume.ts';

/** Where QEMU has what was plugged into a machine. */
const PLUGGED = '/machine/peripheral/added-';

interface ResizeContext {
  readonly machines: Machines;
  readonly faultPoint?: FaultPoint | undefined;
}

/** The caller holds the VM's lock. Throws as `Driver.resizeMachine` says. */
export async function resizeMachine(
  vmId: VmId,
  wanted: MachineSize,
  { machines, faultPoint }: ResizeContext,
): Promise<MachineShape> {
  const client = await requireMachine(machines, vmId);
  const record = await findRecord(machines, vmId);
  if (record === null) throw noMachine();
  const shape = shapeOf(record);
  if (shape === undefined || !canBecome(shape, wanted)) throw cannotResize();
  const { recordPath } = machines.directory(vmId);
  let now = record;
  const note = async (change: Partial<LaunchRecord>): Promise<void> => {
    faultPoint?.('qemu.machine-grown');
    now = { ...now, ...change };
    await writeRecord(recordPath, now);
  };
  const hasAll = (devices: Attachments): boolean => grownSize(sizeOf(now.argv), devices).vcpuCount >= wanted.vcpuCount;
  if (!hasAll(now.attachments ?? NO_ATTACHMENTS))
    await note({ attachments: await addProcessors(client, now, wanted.vcpuCount) });
  if (grownSize(sizeOf(now.argv), now.attachments).memoryMib < wanted.memoryMib)
    await note({ attachments: await addMemory(client, now, wanted.memoryMib) });
  if (shape.diskGib < wanted.diskGib) {
    await lengthenDisk(client, wanted.diskGib);
    await note({ diskGib: wanted.diskGib });
  }
  return shapeOf(now) ?? shape;
}

/** Makes the root as long as this, unless it is longer. */
export async function lengthenDisk(client: QmpClient, diskGib: number): Promise<void> {
  await lengthenNode(client, 'disk', diskGib);
}

function canBecome(shape: MachineShape, wanted: MachineSize): boolean {
  const { vcpuCount, memoryMib, diskGib } = growTowards(shape, wanted);
  return vcpuCount >= wanted.vcpuCount && memoryMib >= wanted.memoryMib && diskGib >= wanted.diskGib;
}

async function addProcessors(
  client: QmpClient,
  { argv, attachments }: LaunchRecord,
  wanted: number,
): Promise<Attachments> {
  const places = await client.execute('query-hotpluggable-cpus', null);
  const free = places
    .filter((place) => place['qom-path'] === undefined)
    .toSorted((a, b) => (a.props['core-id'] ?? 0) - (b.props['core-id'] ?? 0));
  // Also one that was plugged in and is not written down.
  const added = places
    .filter((place) => place['qom-path']?.startsWith(PLUGGED) === true)
    .map(({ type, props }) => processor(type, props));
  const missing = wanted - sizeOf(argv).vcpuCount - added.length;
  for (const { type, props } of free.slice(0, Math.max(0, missing))) {
    const device = processor(type, props);
    await client.execute('device_add', device.device);
    added.push(device);
  }
  const others = withoutDevices(attachments, processorsOf);
  return { ...(attachments ?? NO_ATTACHMENTS), devices: [...others, ...added] };
}

async function addMemory(
  client: QmpClient,
  { argv, attachments }: LaunchRecord,
  wantedMib: number,
): Promise<Attachments> {
  const base = sizeOf(argv).memoryMib;
  const dimms = await dimmsIn(client);
  const missing = wantedMib - base - dimms.reduce((sum, { memoryMib }) => sum + memoryMib, 0);
  if (missing > 0) {
    const { object, device } = memoryInSlot(freeSlot(dimms.map(({ slot }) => slot)), missing);
    // Of a server that was killed before it was plugged in.
    const backends = await client.execute('query-memdev', null);
    if (backends.some(({ id }) => id === device['memdev']))
      await client.execute('object-del', { id: String(device['memdev']) });
    await client.execute('object-add', object);
    await client.execute('device_add', device);
  }
  const plugged = (await dimmsIn(client)).map(({ slot, memoryMib, address }) => {
    const { object, device } = memoryInSlot(slot, memoryMib);
    // Where the guest has it: a machine that is restored has to have it there.
    return { object: { ...object }, device: { ...device, addr: address } };
  });
  const others = withoutDevices(attachments, dimmDevicesOf);
  return { ...(attachments ?? NO_ATTACHMENTS), devices: [...others, ...plugged] };
}

async function dimmsIn(
  client: QmpClient,
): Promise<readonly { readonly slot: number; readonly memoryMib: number; readonly address: number }[]> {
  const found = await client.execute('query-memory-devices', null);
  return found.map(({ data: { slot, size, addr } }) => ({ slot, memoryMib: size / 1024 ** 2, address: addr }));
}

function freeSlot(taken: readonly number[]): number {
  let slot = 0;
  while (taken.includes(slot)) slot += 1;
  return slot;
}

function withoutDevices(
  attachments: Attachments = NO_ATTACHMENTS,
  these: (attachments: Attachments) => readonly object[],
): NonNullable<Attachments['devices']> {
  const gone = these(attachments);
  return (attachments.devices ?? []).filter((device) => !gone.includes(device));
}

function cannotResize(): VolaryError {
  return new VolaryError('failed_precondition', 'This machine cannot be made as large while it runs. Restart the VM.', {
    reason: 'driver.cannot_resize',
  });
}
