import { VolaryError } from '../errors.ts';

/** A disk besides the root: empty when it is made, kept and deleted with its VM. */
export interface ExtraDisk {
  /** Unique in the VM. Its guest sees it as the serial number of the disk. */
  readonly name: string;
  readonly sizeGib: number;
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
}

/** What all disks of a VM may take, GiB. */
export function totalDiskGib({
  diskGib,
  disks,
}: {
  readonly diskGib: number;
  readonly disks: readonly ExtraDisk[];
}): number {
  return disks.reduce((sum, { sizeGib }) => sum + sizeGib, diskGib);
}

function invalidDisks(fault: string): VolaryError {
  return new VolaryError('invalid_argument', `disks cannot be as they were asked for: ${fault}.`, {
    reason: 'vm.invalid_disks',
    details: { field: 'disks' },
  });
}
