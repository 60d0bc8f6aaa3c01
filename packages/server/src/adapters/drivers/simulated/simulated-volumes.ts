import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import { parseId, type VmId, type VolumeId } from '../../../domain/ids.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { DriverVolumes, VolumeContent } from '../../../ports/driver-volumes.ts';

const GIB = 1024 ** 3;

/** The volumes of a simulated host: nothing but that they are there, since its guests see no disks. */
export interface SimulatedVolumes {
  has(id: VolumeId): boolean;
  add(id: VolumeId): void;
  delete(id: VolumeId): void;
  ids(): readonly VolumeId[];
}

/** Those of this process alone. */
export function rememberVolumes(): SimulatedVolumes {
  const ids = new Set<VolumeId>();
  return {
    has: (id) => ids.has(id),
    add: (id) => void ids.add(id),
    delete: (id) => void ids.delete(id),
    ids: () => [...ids],
  };
}

/** Those that have a file in this directory. */
export function keepVolumes(directory: string): SimulatedVolumes {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ids = (): readonly VolumeId[] => readdirSync(directory).flatMap((name) => parseId('vol', name) ?? []);
  return {
    ids,
    has: (id) => ids().includes(id),
    add: (id) => writeFileSync(join(directory, id), '', { mode: 0o600 }),
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
      volumes.add(id);
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
