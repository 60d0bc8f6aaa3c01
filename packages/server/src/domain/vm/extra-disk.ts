import { VolaryError } from '../errors.ts';
import type { VolumeId } from '../ids.ts';
import type { DiskContent } from '../image/definition.ts';

/** A disk besides the root, kept and deleted with its VM; or a volume, which is there before and after. */
export interface ExtraDisk {
  /** Unique in the VM. */
  readonly name: string;
  /**
   * Of its own. Null: what its content has; so it always is of one that is only read, which has nothing of its own, and in a template,
   * until a VM is made.
   */
  readonly sizeGib: number | null;
  /** What it begins with; null: it is empty when it is made. */
  readonly content: DiskContent | null;
  /** Its guest cannot write to it: it is its content, which it shares with others. */
  readonly isReadonly: boolean;
  /** The serial number by which its guest finds it; null: its name. */
  readonly target: string | null;
  /** The volume that it is, with that one's size; null: it is the VM's own. */
  readonly volume: VolumeId | null;
}

/** One that is empty when it is made. */
export function emptyDisk(name: string, sizeGib: number): ExtraDisk {
  return { name, sizeGib, content: null, isReadonly: false, target: null, volume: null };
}

/** The serial number of the disk in its guest. */
export function serialOf({ name, target }: Pick<ExtraDisk, 'name' | 'target'>): string {
  return target ?? name;
}

/** Of one VM. Each takes a place on the machine's bus. */
const MOST_EXTRA_DISKS = 8;
/** What a guest reads of a serial number is 20 bytes. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/;
/** Serial numbers of disks that each machine may have. */
const TAKEN: readonly string[] = ['seed', 'volary-packs'];

/** Throws `invalid_argument` vm.invalid_disks. Whether the sizes are within bounds, others look. */
export function checkExtraDisks(disks: readonly ExtraDisk[]): void {
  if (disks.length > MOST_EXTRA_DISKS) throw invalidDisks(`there are at most ${MOST_EXTRA_DISKS}`);
  const names = disks.map(({ name }) => name);
  for (const [at, name] of names.entries()) {
    if (!NAME.test(name)) throw invalidDisks(`"${name}" is no name of a disk`);
    if (TAKEN.includes(name)) throw invalidDisks(`${name} is the name of a disk that machines have`);
    if (names.indexOf(name) !== at) throw invalidDisks(`two of them are called ${name}`);
  }
  const serials = disks.map(serialOf);
  for (const [at, serial] of serials.entries()) {
    if (!NAME.test(serial)) throw invalidDisks(`"${serial}" is no name that a guest can find a disk by`);
    if (TAKEN.includes(serial)) throw invalidDisks(`${serial} is the name of a disk that machines have`);
    if (serials.indexOf(serial) !== at) throw invalidDisks(`a guest would find two of them by ${serial}`);
  }
  checkVolumes(disks);
  for (const disk of disks) checkWhole(disk);
}

function checkVolumes(disks: readonly ExtraDisk[]): void {
  for (const { name, volume } of disks) {
    const first = disks.find((disk) => volume !== null && disk.volume === volume)?.name ?? name;
    if (first !== name) throw invalidDisks(`${first} and ${name} are the same volume`);
  }
}

function checkWhole({ name, sizeGib, content, isReadonly, volume }: ExtraDisk): void {
  // What it is like was looked at when it was made.
  if (volume !== null) return;
  if (content === null && isReadonly) throw invalidDisks(`${name} is empty, and would stay so if it is only read`);
  if (content === null && sizeGib === null) throw invalidDisks(`${name} is empty, and has no size`);
  if (isReadonly && sizeGib !== null) throw invalidDisks(`${name} is only read, and is as large as its content`);
}

/** The disks as those of a copy of their VM, which has volumes no more, but what was in them. */
export function withoutVolumes(disks: readonly ExtraDisk[]): readonly ExtraDisk[] {
  return disks.map((disk) => (disk.volume === null ? disk : { ...disk, volume: null }));
}

/** What all disks of a VM may take, GiB: those that are only read take nothing of their own, and volumes count by themselves. */
export function totalDiskGib({
  diskGib,
  disks,
}: {
  readonly diskGib: number;
  readonly disks: readonly ExtraDisk[];
}): number {
  return disks.reduce((sum, { sizeGib, volume }) => sum + (volume === null ? (sizeGib ?? 0) : 0), diskGib);
}

function invalidDisks(fault: string): VolaryError {
  return new VolaryError('invalid_argument', `disks cannot be as they were asked for: ${fault}.`, {
    reason: 'vm.invalid_disks',
    details: { field: 'disks' },
  });
}
