/**
 * A machine as it was at one moment, in a directory of its own:
 *
 *   memory         the guest's memory, with holes where it is zero
 *   memory-added-… the same of each piece of memory that had been added while it ran
 *   devices        QEMU's device state, without memory
 *   disk.qcow2     its overlay on the image's root; not of a suspended one, whose disk stays where it is
 *   disk-….qcow2   the same of each disk besides the root
 *   packs/         files of the tool packs that it has; not of a suspended one, whose VM keeps them
 *   link.key       what its agent listens to; not of one that was prepared, which listens to whoever comes first
 *   machine.json   what fits to it, a digest of each file, and one of itself: written last, so that without it there is nothing
 *
 * Any number of machines can be restored from it, at once and later: nothing ever writes to it. Each maps the memory and
 * keeps what it changes for itself, and has a copy of the disk.
 */
import { createHash } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmId } from '../../../../domain/ids.ts';
import {
  dictionaryOf,
  either,
  flag,
  integer,
  nothing,
  type Of,
  oneOf,
  optional,
  record,
  text,
} from '../../../../lib/shape.ts';
import type { SavedRef } from '../../../../ports/driver.ts';
import { type Facts, readFacts, unlessAbsent } from '../../../shared/read-facts.ts';
import { ATTACHMENTS, NO_ATTACHMENTS } from '../attachments/attachments.ts';
import { dimmsOf, memoryFileName } from '../attachments/grown.ts';

const FILES = {
  memory: 'memory',
  devices: 'devices',
  disk: 'disk.qcow2',
  packs: 'packs',
  linkKey: 'link.key',
  facts: 'machine.json',
} as const;

const FACTS = record({
  /** 2: with disks besides the root, which an earlier version would leave out. */
  version: oneOf(1, 2),
  /** Of the arguments that make the devices: a machine with others cannot take this state. */
  deviceDigest: text,
  machineType: text,
  qemuVersion: text,
  accelerator: oneOf('kvm', 'tcg'),
  vcpuCount: integer(1),
  memoryMib: integer(1),
  /** Virtual size of the disk, bytes. */
  diskBytes: integer(1),
  imageDigest: text,
  /** The same of disks besides the root that began with something, by their names. */
  contents: optional(dictionaryOf(text)),
  isPrepared: flag,
  savedAt: integer(0),
  /** How long the guest was halted for it, milliseconds. */
  haltedMs: integer(0),
  /** Null where it is not among the files. */
  digests: record({
    ...{ memory: text, devices: text, disk: either(nothing, text), linkKey: either(nothing, text) },
    /** Of memory that had been added, by the names of the files. */
    added: optional(dictionaryOf(text)),
    /** Of disks besides the root, by the names of the files; absent where there are none. */
    extraDisks: optional(dictionaryOf(text)),
  }),
  /** The life that was suspended; only of one that goes on as what it was. */
  suspendedLife: optional(integer(1)),
  /** What it had been given while it ran; absent of one whose machine had no disk for packs. */
  attachments: optional(ATTACHMENTS),
  /** It has room for more processors and memory; absent of one of an earlier version, which has not. */
  canGrow: optional(flag),
});
const CHECKSUM = record({ checksum: text });

/** What is written beside it. */
export type SavedFacts = Of<typeof FACTS>;

/** One that is complete. */
export interface SavedMachine {
  readonly facts: SavedFacts;
  readonly memoryPath: string;
  /** In the order in which it has them. */
  readonly addedMemoryPaths: readonly string[];
  readonly devicesPath: string;
  readonly diskPath: string;
  /** Of disks besides the root, by the names that the files have with a VM too. */
  readonly extraDiskPaths: ReadonlyMap<string, string>;
  readonly packsPath: string;
  /** Null: whatever is restored from it gets a key of its own. */
  readonly linkKeyPath: string | null;
}

interface SavedPaths extends Omit<SavedMachine, 'facts' | 'linkKeyPath' | 'addedMemoryPaths' | 'extraDiskPaths'> {
  readonly linkKeyPath: string;
}

/** Where the saved machines of a data directory lie, by their ids. */
export function snapshotsPath(dataDir: string): string {
  return join(dataDir, 'snapshots');
}

/** Where suspended machines of a data directory lie, or that of one VM. */
export function suspendedPath(dataDir: string, ...vmId: readonly [VmId] | readonly []): string {
  return join(dataDir, 'suspended', ...vmId);
}

/** Where its files lie in this directory. */
export function savedPaths(directory: string): SavedPaths {
  return {
    memoryPath: join(directory, FILES.memory),
    devicesPath: join(directory, FILES.devices),
    diskPath: join(directory, FILES.disk),
    packsPath: join(directory, FILES.packs),
    linkKeyPath: join(directory, FILES.linkKey),
  };
}

/** Where is written what fits to it. */
export function factsPath(directory: string): string {
  return join(directory, FILES.facts);
}

/** Completes it. */
export async function writeSavedFacts(directory: string, facts: SavedFacts): Promise<void> {
  const content = { ...facts, checksum: checksumOf(facts) };
  await writeFile(factsPath(directory), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

/** The saved machine in this directory; damaged where a file is gone or cut short. Throws `unavailable` host.file_unreadable. */
export async function readSavedMachine(directory: string): Promise<Facts<SavedMachine>> {
  const read = await readSavedFacts(directory);
  if (read.kind !== 'valid') return read;
  const facts = read.value;
  const paths = savedPaths(directory);
  const addedMemoryPaths = dimmsOf(facts.attachments ?? NO_ATTACHMENTS).map((dimm) =>
    join(directory, memoryFileName(dimm)),
  );
  const extraDiskPaths = new Map(
    Object.keys(facts.digests.extraDisks ?? {}).map((name) => [name, join(directory, name)] as const),
  );
  const linkKeyPath = facts.isPrepared ? null : paths.linkKeyPath;
  const saved = { facts, ...paths, addedMemoryPaths, extraDiskPaths, linkKeyPath };
  const needed = [...filesOf(saved), saved.linkKeyPath ?? saved.memoryPath, ...packFilesOf(saved)];
  const files = await Promise.all(needed.map((path) => stat(path).catch(unlessAbsent)));
  const isComplete = files.every((file) => file?.isFile() === true) && files[0]?.size === facts.memoryMib * 1024 ** 2;
  return isComplete ? { kind: 'valid', value: saved } : { kind: 'damaged' };
}

/** The files that have digests: memory first. */
export function filesOf(saved: SavedMachine): readonly string[] {
  const { facts, memoryPath, addedMemoryPaths, devicesPath, diskPath, extraDiskPaths } = saved;
  const files = [memoryPath, ...addedMemoryPaths, devicesPath, ...extraDiskPaths.values()];
  return facts.digests.disk === null ? files : [...files, diskPath];
}

/** Of its packs; each is what its digest says, and nobody may write to it. */
function packFilesOf({ facts, packsPath }: SavedMachine): readonly string[] {
  // A suspended machine's are its VM's.
  if (facts.suspendedLife !== undefined) return [];
  return (facts.attachments?.packs ?? []).map(({ digest }) => join(packsPath, digest));
}

/** What was written beside it, whether or not the rest is there. Throws `unavailable` host.file_unreadable. */
export async function readSavedFacts(directory: string): Promise<Facts<SavedFacts>> {
  const read = await readFacts(factsPath(directory), isWritten);
  if (read.kind !== 'valid') return read;
  const { checksum, ...facts } = read.value;
  return checksum === checksumOf(facts) ? { kind: 'valid', value: facts } : { kind: 'damaged' };
}

/** Removes it; without its facts it is none any more, however far the removal comes. */
export async function removeSavedMachine(directory: string): Promise<void> {
  await rm(factsPath(directory), { force: true });
  await rm(directory, { recursive: true, force: true });
}

function isWritten(value: unknown): value is SavedFacts & Of<typeof CHECKSUM> {
  return FACTS(value) && CHECKSUM(value);
}

/** Whatever the order in which the facts come; what is undefined is not written. */
function checksumOf({ digests, ...others }: SavedFacts): string {
  const parts = [...Object.entries(others), ...Object.entries(digests)]
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What the directory of a saved machine is called, below that of its kind. */
export function savedIdOf(ref: SavedRef): string {
  return ref.kind === 'snapshot' ? ref.id : ref.key;
}
