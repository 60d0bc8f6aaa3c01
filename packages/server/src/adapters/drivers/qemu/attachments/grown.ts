/** Processors and memory that a machine was given while it ran, among its attachments. */
import { dictionary } from '../../../../lib/shape.ts';

/** A device that a machine was given while it ran, and its back end. */
interface AddedDevice {
  readonly object: Readonly<Record<string, unknown>> | null;
  readonly device: Readonly<Record<string, unknown>>;
}

/** Attachments, as far as devices go. */
interface WithDevices {
  readonly devices?: readonly AddedDevice[] | undefined;
}

const MIB = 1024 ** 2;
const DIMM = 'pc-dimm';
const PROCESSOR = /-cpu$/;
const MEMORY_FILE_PREFIX = 'memory-';

/** Memory that was added, as one piece. */
export interface Dimm {
  readonly id: string;
  readonly memoryMib: number;
  /** Where the guest has it. */
  readonly address: number;
}

/** Processors that were added. */
export function processorsOf({ devices = [] }: WithDevices): readonly AddedDevice[] {
  return devices.filter(({ device }) => PROCESSOR.test(String(device['driver'])));
}

/** The same of memory. */
export function dimmDevicesOf({ devices = [] }: WithDevices): readonly AddedDevice[] {
  return devices.filter(({ device }) => device['driver'] === DIMM);
}

/** Memory that was added, in that order. */
export function dimmsOf(attachments: WithDevices): readonly Dimm[] {
  return dimmDevicesOf(attachments).map(({ object, device }) => ({
    id: String(device['id']),
    memoryMib: Number(object?.['size']) / MIB,
    address: Number(device['addr']),
  }));
}

/** A processor at this place of the machine, as `query-hotpluggable-cpus` names it. */
export function processor(type: string, place: Readonly<Record<string, number>>): AddedDevice {
  return { object: null, device: { ...place, driver: type, id: `added-cpu${place['core-id'] ?? 0}` } };
}

/** Memory in this slot; its back end is of that one VMM's own memory: nothing that is shared with a fork. */
export function memoryInSlot(slot: number, memoryMib: number): AddedDevice & { readonly object: object } {
  const backend = `added-memory${slot}`;
  return {
    object: { 'qom-type': 'memory-backend-ram', id: backend, size: memoryMib * MIB },
    device: { driver: DIMM, id: `added-dimm${slot}`, memdev: backend, slot },
  };
}

/** Whether a back end is one of added memory. */
export function isMemory(object: Readonly<Record<string, unknown>>): boolean {
  return object['qom-type'] === 'memory-backend-ram';
}

/**
 * The back end of added memory in a machine that is restored: it maps what was saved, which its VMM inherits, for
 * itself alone.
 */
export function restoredBackend(object: Readonly<Record<string, unknown>>, descriptor: number): object {
  return {
    'qom-type': 'memory-backend-file',
    id: object['id'],
    size: object['size'],
    'mem-path': `/dev/fd/${descriptor}`,
    share: false,
  };
}

/** The descriptor by which a VMM of these arguments holds what this memory was restored from; null: it was not. */
export function descriptorOf(argv: readonly string[], { id }: Dimm): number | null {
  const backend = `"id":"${id.replace('added-dimm', 'added-memory')}"`;
  const argument = argv.find((each) => each.includes(backend) && each.includes('"mem-path"'));
  const object: unknown = argument === undefined ? null : JSON.parse(argument);
  const path = dictionary(object) ? String(object['mem-path']) : '';
  return path === '' ? null : Number(path.slice(path.lastIndexOf('/') + 1));
}

/** The file of a saved machine that holds this memory. */
export function memoryFileName({ id }: Dimm): string {
  return `${MEMORY_FILE_PREFIX}${id}`;
}

/** Whether a file of a saved machine is one of those. */
export function isAddedMemory(name: string): boolean {
  return name.startsWith(MEMORY_FILE_PREFIX);
}
