/**
 * What a name of an image stands for: how the image is made, wherever it is made. VMs and templates name images; the definitions
 * of names come from the checkout (`guest/image`) or were given by users and lie in the store.
 */
import type { EpochMs } from '../time.ts';

/** What starts a disk that brings its own boot loader. */
export const FIRMWARES = ['bios', 'uefi'] as const;
export type Firmware = (typeof FIRMWARES)[number];

/** What a disk image may be written in. */
export const DISK_FORMATS = ['qcow2', 'raw'] as const;
export type DiskFormat = (typeof DISK_FORMATS)[number];

/** A file to be fetched, known by its bytes. */
export interface FileSource {
  /** An absolute http(s) URL, or an absolute path of the host. */
  readonly location: string;
  /** Of the file as it is fetched, hex in lower case. Nothing else is ever used. */
  readonly sha256: string;
}

/** A disk image whose bytes a disk besides a root begins with. Nobody starts it, and whatever is in it is its guest's matter. */
export interface DiskContent {
  readonly source: FileSource;
  readonly format: DiskFormat;
  /** Whether who asked for it may have files of the host and of private networks read. No part of what it is. */
  readonly isLocalAllowed: boolean;
}

/** A file that a recipe puts into the root. */
export interface RecipeFile {
  /** Absolute, in the root. */
  readonly path: string;
  readonly content: string;
  /** Permission bits: 0o644. */
  readonly mode: number;
  /** `user:group`, of names or numbers that the root knows. */
  readonly owner: string;
}

/** A root built from Debian's packages, as `base` is, with files and commands on top. */
export interface RecipeDefinition {
  readonly kind: 'recipe';
  readonly description: string;
  /** Beyond the minimal system and what `base` has. */
  readonly packages: readonly string[];
  readonly files: readonly RecipeFile[];
  /** Scripts of the shell, run in the root one after the other when packages and files are there; without a network. */
  readonly commands: readonly string[];
  /** Size of the root file system before a VM's disk makes it larger. */
  readonly rootGib: number;
}

interface DiskFacts {
  readonly kind: 'disk';
  readonly description: string;
  readonly source: FileSource;
  readonly format: DiskFormat;
  /** Whether who defined it may have files of the host and of private networks read. No part of what the image is. */
  readonly isLocalAllowed: boolean;
}

/** A whole system's disk, with a boot loader. */
export interface FirmwareDiskDefinition extends DiskFacts {
  readonly boot: 'firmware';
  readonly firmware: Firmware;
}

/** A disk that is one ext4 file system. */
export interface DirectDiskDefinition extends DiskFacts {
  readonly boot: 'direct';
  /** Null: ours, with our agent. */
  readonly kernel: FileSource | null;
  /** Null: ours, with our agent as the first program. Never set without a kernel. */
  readonly initramfs: FileSource | null;
}

export type DiskDefinition = FirmwareDiskDefinition | DirectDiskDefinition;
export type ImageDefinition = RecipeDefinition | DiskDefinition;

/** What somebody wants a name to stand for when it has been made. */
export interface ImageRequest {
  readonly definition: ImageDefinition;
  /** Those that the name gets then; null: it keeps those that it has. */
  readonly labels: Readonly<Record<string, string>> | null;
}

/** A name that was given to a definition by somebody. */
export interface StoredImage {
  readonly name: string;
  readonly definition: ImageDefinition;
  /** Name of the user who defined it. */
  readonly owner: string;
  /** The template it belongs to, `name@version`: it goes with that. Null: to nobody but itself. */
  readonly template: string | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** When a VM was last made from the image of this name. */
export interface ImageUse {
  readonly name: string;
  readonly usedAt: EpochMs;
}

/** True when both make the same image, whoever gave them. */
export function isSameDefinition(a: ImageDefinition, b: ImageDefinition): boolean {
  return JSON.stringify(essenceOf(a)) === JSON.stringify(essenceOf(b));
}

/** What decides the image: neither what is said of it, nor where its bytes were fetched, nor for whom. In a fixed order. */
function essenceOf(definition: ImageDefinition): readonly unknown[] {
  if (definition.kind === 'recipe') {
    const { packages, files, commands, rootGib } = definition;
    const inOrder = files.map(({ path, content, mode, owner }) => [path, content, mode, owner]);
    return ['recipe', packages, inOrder, commands, rootGib];
  }
  const { source, format } = definition;
  const common = ['disk', source.sha256, format, definition.boot];
  if (definition.boot === 'firmware') return [...common, definition.firmware];
  return [...common, definition.kernel?.sha256 ?? null, definition.initramfs?.sha256 ?? null];
}

/** By which name the bytes of a disk are kept: everybody who wants the same has the same. No image has such a name by a definition. */
export function contentNameOf({ source, format }: DiskContent): string {
  return `content-${source.sha256.slice(0, 24)}-${format}`;
}
