import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import { parseId, type VmId, type VolumeId } from '../../../domain/ids.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { DriverVolumes, VolumeContent } from '../../../ports/driver-volumes.ts';
import { writeKept } from './write-kept.ts';

const GIB = 1024 ** 3;

/** The volumes of a simulated host: nothing but that they are there and how large, since its guests see no disks. */
export interface SimulatedVolumes {
  has(id: VolumeId): boolean;
  /** Null: it is not there. */
  sizeGib(id: VolumeId): number | null;
  /** Adds it, or has it be of this size. */
  put(id: VolumeId, sizeGib: number): void;
  delete(id: VolumeId): void;
  ids(): readonly VolumeId[];
}

/** Those of this process alone. */
export function rememberVolumes(): SimulatedVolumes {
  const sizes = new Map<VolumeId, number>();
  return {
    has: (id) => sizes.has(id),
    sizeGib: (id) => sizes.get(id) ?? null,
    put: (id, sizeGib) => void sizes.set(id, sizeGib),
    delete: (id) => void sizes.delete(id),
    ids: () => [...sizes.keys()],
  };
}

/** Those that have a file in this directory. */
export function keepVolumes(directory: string): SimulatedVolumes {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ids = (): readonly VolumeId[] => readdirSync(directory).flatMap((name) => parseId('vol', name) ?? []);
  return {
    ids,
    has: (id) => ids().includes(id),
    sizeGib: (id) => (ids().includes(id) ? Number(readFileSync(join(directory, id), 'utf8')) : null),
    put: (id, sizeGib) => writeKept(join(directory, id), String(sizeGib)),
    delete: (id) => rmSync(join(directory, id), { force: true }),
  };
}

/** `hasDisk`: whether this VM has one, of which a volume can be made. */
export function createSimulatedVolumes(
  volumes: SimulatedVolumes,
  { hasDisk }: { readonly hasDisk: (vmId: VmId) => boolean },
): DriverVolumes {
  const check = (sizeGib: number, content: VolumeContent): void => {
    if (content.kind === 'image' && sizeGib * GIB < content.image.rootBytes) throw tooSmall(content.image.rootBytes);
    const isThere =
      content.kind === 'vm' ? hasDisk(content.vmId) : content.kind !== 'volume' || volumes.has(content.id);
    if (!isThere) throw gone();
  };
  return {
    async create({ id, sizeGib, content }, { signal }) {
      if (volumes.has(id)) return;
      signal.throwIfAborted();
      check(sizeGib, content);
      volumes.put(id, sizeGib);
    },
    async grow({ id, sizeGib }, { signal }) {
      signal.throwIfAborted();
      const present = volumes.sizeGib(id);
      if (present === null) throw gone();
      if (present < sizeGib) volumes.put(id, sizeGib);
    },
    async place(_vmId, disks) {
      requireVolumes(volumes, disks);
    },
    async remove(id) {
      volumes.delete(id);
    },
    list: async () => volumes.ids(),
  };
}

/** Throws `data_loss` driver.disk_damaged. */
export function requireVolumes(volumes: SimulatedVolumes, disks: readonly ExtraDisk[]): void {
  if (disks.some(({ volume }) => volume !== null && !volumes.has(volume))) throw gone();
}

function gone(): VolaryError {
  return new VolaryError('data_loss', 'The volume, or what it was to be made of, is gone from the host.', {
    reason: 'driver.disk_damaged',
  });
}

function tooSmall(bytes: number): VolaryError {
  const minimum = Math.ceil(bytes / GIB);
  return new VolaryError(
    'invalid_argument',
    `size_gib must be at least ${minimum}: what it begins with is that large.`,
    {
      reason: 'volume.too_small',
      details: { field: 'size_gib', minimum },
    },
  );
}
