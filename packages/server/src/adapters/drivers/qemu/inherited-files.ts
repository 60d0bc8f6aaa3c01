/**
 * The files that a VMM inherits open, so that it needs no right to reach them by their paths. The command line names
 * their descriptors and the launch opens them in that order: both go by this map, so that no number is ever matched
 * by hand.
 */
import type { ContentImage, DirectImage, Image } from '../../../domain/image/image.ts';

/**
 * What a file is to the machine. A machine that boots has a kernel, one that is restored has devices and memory
 * instead.
 */
export type InheritedName =
  | 'kernel'
  | 'initramfs'
  | 'devices'
  | 'memory'
  | 'root'
  | 'seed'
  | `added-memory-${number}`
  | `disk-${string}`;

/** Their paths, in the order of their descriptors. */
export type InheritedFiles = ReadonlyMap<InheritedName, string>;

/** The files of a saved machine that its VMM reads. */
interface SavedFiles {
  readonly devicesPath: string;
  readonly memoryPath: string;
  readonly addedMemoryPaths: readonly string[];
}

/** What a machine comes from, as far as its files go. */
export interface FileOrigin {
  readonly image: Image;
  /** What it is restored from; null: it boots. */
  readonly saved: SavedFiles | null;
  /** What its disks besides the root begin with, by their names. */
  readonly contents: ReadonlyMap<string, ContentImage>;
  /** What a whole system is told of itself; no other machine has it. */
  readonly seedPath: string;
}

/** The first descriptor besides the standard ones. */
const FIRST = 3;

/** The memory that was added to a machine before it was saved, counted from 0. */
export function addedMemory(position: number): InheritedName {
  return `added-memory-${position}`;
}

/** What a disk besides the root begins with. */
export function diskContent(disk: string): InheritedName {
  return `disk-${disk}`;
}

/** The files of a VM's machine. */
export function inheritedFiles({ image, saved, contents, seedPath }: FileOrigin): InheritedFiles {
  return new Map<InheritedName, string>([
    ...(saved === null ? startFiles(image) : restoreFiles(saved)),
    ['root', image.rootPath],
    ...(image.boot === 'firmware' ? [['seed', seedPath] as const] : []),
    ...[...contents].map(([disk, { rootPath }]) => [diskContent(disk), rootPath] as const),
  ]);
}

/** The files of a guest that boots the image's kernel and is no VM. */
export function guestFiles(image: DirectImage, { hasDisk }: { readonly hasDisk: boolean }): InheritedFiles {
  return new Map<InheritedName, string>([
    ...startFiles(image),
    ...(hasDisk ? [['root', image.rootPath] as const] : []),
  ]);
}

/** The descriptor of a file; null: the machine has no such file. */
export function findDescriptor(files: InheritedFiles, name: InheritedName): number | null {
  const position = [...files.keys()].indexOf(name);
  return position < 0 ? null : FIRST + position;
}

/** The descriptor of a file that the machine cannot do without. */
export function descriptorOf(files: InheritedFiles, name: InheritedName): number {
  const descriptor = findDescriptor(files, name);
  if (descriptor === null) throw new Error(`the machine inherits no ${name}`);
  return descriptor;
}

function startFiles(image: Image): readonly (readonly [InheritedName, string])[] {
  if (image.boot === 'firmware') return [];
  return [
    ['kernel', image.kernelPath],
    ['initramfs', image.initramfsPath],
  ];
}

function restoreFiles(saved: SavedFiles): readonly (readonly [InheritedName, string])[] {
  const added = saved.addedMemoryPaths.map((path, position) => [addedMemory(position), path] as const);
  return [['devices', saved.devicesPath], ['memory', saved.memoryPath], ...added];
}
