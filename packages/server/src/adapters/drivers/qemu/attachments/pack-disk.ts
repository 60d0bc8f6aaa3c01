/**
 * The disk that packs are put on, one in every machine: read-only, of one size for ever, and divided into places of equal size. So nothing is plugged
 * into a machine when it is given a tool, its guest has nothing to look for, and tools are in no warm key: what changes is only what is
 * read at one of the places. Measured under emulation, four packs plugged in as disks of their own cost the guest 180 ms (on a SCSI
 * controller) to 430 ms (on PCI) before it can mount the first.
 *
 *   virtio-blk -> "packs" (raw) -> "packs-<n>" -> null-co          nothing on it: zeros
 *                                              -> vmdk -> files    a descriptor that lays files one after the other
 *
 * A VMDK descriptor is the one format by which QEMU makes one disk of many files. It is ours, and lies with the files in the VMM's directory. Reads behind the
 * end of a file are zeros.
 */
import { createHash } from 'node:crypto';
import { MOST_PACKS } from '../../../../ports/machine-packs.ts';
import type { BlockNode } from '../qmp/commands.ts';
import type { SlottedPack } from './attached-packs.ts';

/** How its guest finds it; at most 20 characters. */
export const PACK_DISK_SERIAL = 'volary-packs';
/** Where a pack begins is a multiple of this, and none is larger. */
const PACK_SLOT_BYTES = 16 * 1024 ** 3;
const SECTOR_BYTES = 512;
const DISK_BYTES = MOST_PACKS * PACK_SLOT_BYTES;

/** The node that the device reads; what is below it changes. */
const NODE = 'packs';
/** How the nodes below are called, each with what makes it another one. */
const BACKING_PREFIX = 'packs-';
const DEVICE_ID = 'packs0';
/** What has no content. */
const EMPTY_FILE = 'packs.none';

/** A pack's file, in the VMM's directory. */
export function packFileName(digest: string): string {
  return `pack-${digest}`;
}

/** Whether a file in the VMM's directory is one of those of this disk. */
export function isPackFile(name: string): boolean {
  return /^packs?[-.]/.test(name);
}

/** The descriptor, in the VMM's directory, of which there is one for each content. */
export function descriptorName(key: string): string {
  return `packs-${key}.vmdk`;
}

/** Where a pack is on the disk. */
export function offsetOf({ slot }: Pick<SlottedPack, 'slot'>): number {
  return slot * PACK_SLOT_BYTES;
}

/** Lays the files at their places. Lines of an empty file fill the rest. */
export function packDescriptor(packs: readonly SlottedPack[]): string {
  const sectors = PACK_SLOT_BYTES / SECTOR_BYTES;
  const bySlot = new Map(packs.map((pack) => [pack.slot, packFileName(pack.digest)]));
  const used = Math.max(-1, ...bySlot.keys()) + 1;
  const lines = Array.from({ length: used }, (_, slot) => `RW ${sectors} FLAT "${bySlot.get(slot) ?? EMPTY_FILE}" 0`);
  if (used < MOST_PACKS) lines.push(`RW ${(MOST_PACKS - used) * sectors} FLAT "${EMPTY_FILE}" 0`);
  const head = ['# Disk DescriptorFile', 'version=1', 'CID=fffffffe', 'parentCID=ffffffff'];
  return [...head, 'createType="twoGbMaxExtentFlat"', '', '# Extent description', ...lines, ''].join('\n');
}

/** Files beside the packs that the descriptor names. */
export const FILLER_FILES: readonly string[] = [EMPTY_FILE];

/** What is below the disk when nothing is on it. */
function nothingOn(): BlockNode {
  return {
    'node-name': `${BACKING_PREFIX}none`,
    driver: 'null-co',
    size: DISK_BYTES,
    'read-zeroes': true,
    'read-only': true,
  };
}

/** What is below it when there are packs, of this descriptor. */
export function packsOn(key: string): BlockNode {
  const file = { driver: 'file', filename: descriptorName(key), 'read-only': true };
  return { 'node-name': backingName(key), driver: 'vmdk', 'read-only': true, file };
}

/** What is on the disk of these packs, as its descriptor's name tells it. */
export function contentKeyOf(packs: readonly SlottedPack[]): string | null {
  if (packs.length === 0) return null;
  const content = packs.map(({ slot, digest }) => `${slot} ${digest}`).sort();
  return createHash('sha256').update(content.join('\n')).digest('hex').slice(0, 16);
}

/** The node of the disk itself, over what is below it. */
export function packNode(backing: string): BlockNode {
  return { 'node-name': NODE, driver: 'raw', 'read-only': true, file: backing };
}

export function backingName(key: string): string {
  return `${BACKING_PREFIX}${key}`;
}

/** Whether a node is one that is below the disk, or was. */
export function isBacking(nodeName: string): boolean {
  return nodeName.startsWith(BACKING_PREFIX);
}

/** The arguments of QEMU for it. `key`: of the descriptor of what is on it; null: nothing. */
export function packDiskArguments(key: string | null): readonly string[] {
  const backing = key === null ? nothingOn() : packsOn(key);
  const nodes = [backing, packNode(backing['node-name'])];
  return [
    ...nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...['-device', `virtio-blk-pci,id=${DEVICE_ID},drive=${NODE},serial=${PACK_DISK_SERIAL}`],
  ];
}

/** Whether a machine of these arguments has the disk: one that an earlier version has started has not. */
export function hasPackDisk(argv: readonly string[]): boolean {
  return argv.some((argument) => argument.includes(`id=${DEVICE_ID},`));
}
