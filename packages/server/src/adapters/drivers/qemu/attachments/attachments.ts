/**
 * What a machine was given while it ran. It belongs to the machine's state: whoever takes that up has to have the same. So it is written in the
 * launch record, and in what is saved of the machine; a machine that is restored or woken has it on its command line. It is dropped with
 * the machine: the next boot begins without.
 */
import {
  dictionary,
  either,
  flag,
  listOf,
  nothing,
  type Of,
  optional,
  record,
  type Shape,
  text,
} from '../../../../lib/shape.ts';
import { addedMemory, descriptorOf, type InheritedFiles } from '../inherited-files.ts';
import { ATTACHED_PACKS } from './attached-packs.ts';
import { isMemory, restoredBackend } from './grown.ts';

/** How the ids of devices begin that were added while the machine ran. */
const ADDED_PREFIX = 'added-';

const addedDevice: Shape<Readonly<Record<string, unknown>>> = (value): value is Readonly<Record<string, unknown>> =>
  DEVICE(value) && value.id.startsWith(ADDED_PREFIX);
const DEVICE = record({ id: text, driver: text });

/** A device as `device_add` was told it (its id begins with `added-`), and its back end as `object-add` was. */
const ADDED_DEVICES = listOf(record({ object: either(nothing, dictionary), device: addedDevice }));

export const ATTACHMENTS = record({
  packs: ATTACHED_PACKS,
  devices: optional(ADDED_DEVICES),
  /** False: it was set going with its packs, and its guest has not confirmed yet that it was told of them. Whoever gets a link to it comes after that. */
  isGuestTold: optional(flag),
});

export type Attachments = Of<typeof ATTACHMENTS>;

export const NO_ATTACHMENTS: Attachments = { packs: [], devices: undefined, isGuestTold: undefined };

/** The arguments for the devices of a machine that was given them before it was saved. */
export function addedDeviceArguments({ devices = [] }: Attachments, files: InheritedFiles): readonly string[] {
  let memories = 0;
  return devices.flatMap(({ object, device }) => {
    const backend =
      object !== null && isMemory(object)
        ? restoredBackend(object, descriptorOf(files, addedMemory(memories++)))
        : object;
    return [...(backend === null ? [] : ['-object', JSON.stringify(backend)]), '-device', JSON.stringify(device)];
  });
}

/** Whether the value of `-device` is one of those: what it makes of a machine is told by the attachments. */
export function isAddedDevice(value: string): boolean {
  return value.includes(`"${ADDED_PREFIX}`) && value.startsWith('{');
}
