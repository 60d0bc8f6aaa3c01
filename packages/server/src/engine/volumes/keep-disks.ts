/** Disks of a VM that become volumes when it is deleted: they are written down with the deletion, and made before the VM's own go. */
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { nameOfKept, type Volume } from '../../domain/volume/volume.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import { admitCount } from '../operations/create-volume.ts';
import { createResourceWriter } from '../resources/resource-writer.ts';
import { noVolumes } from './driver-of-volume.ts';
import { volumeEvent } from './volume-events.ts';
import { VOLUME_KIND } from './volume-kind.ts';

/** Characters of an id that tell two volumes apart which would be called the same. */
const SUFFIX_LENGTH = 8;

/**
 * Writes down the volumes that the root of this VM and its own disks are to become. They are as large as those together, and belong to whom the VM belongs to. Throws
 * `permission_denied` access.denied, `unsupported` driver.no_volumes, `failed_precondition` volume.nothing_to_keep, `resource_exhausted` volume.too_many.
 */
export async function recordKeptDisks(
  deps: Pick<EngineDeps, 'drivers' | 'ids' | 'clock'>,
  tables: Tables,
  principal: Principal,
  vm: Vm,
): Promise<readonly Volume[]> {
  authorise(principal, 'volume:create');
  const driver = deps.drivers.of(vm);
  if (driver.volumes === null) throw noVolumes(driver.kind);
  if (vm.imageDigest === null) throw nothingToKeep(vm);
  const disks = [
    { disk: null, sizeGib: vm.machine?.diskGib ?? vm.spec.diskGib },
    // What is only read is its content, and what is a volume stays one.
    ...vm.spec.disks.flatMap(({ name, sizeGib, isReadonly, volume }) =>
      isReadonly || volume !== null || sizeGib === null ? [] : [{ disk: name, sizeGib }],
    ),
  ];
  await admitCount(tables, disks.length);
  const now = deps.clock.now();
  const kept: Volume[] = [];
  for (const { disk, sizeGib } of disks) {
    const id = deps.ids.create('vol');
    const plain = nameOfKept(vm.name, disk, null);
    const isTaken = (await tables.volumes.getByName(plain)) !== null;
    const volume: Volume = {
      id,
      name: isTaken ? nameOfKept(vm.name, disk, id.slice(-SUFFIX_LENGTH)) : plain,
      owner: vm.owner,
      labels: vm.labels,
      sizeGib,
      state: 'creating',
      operationId: null,
      failure: null,
      origin: { kind: 'vm', id: vm.id, name: vm.name, disk, image: vm.spec.image },
      driver: vm.driver,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    await tables.volumes.insert(volume);
    kept.push(volume);
  }
  await tables.events.append(kept.map((volume) => volumeEvent('volume.created', volume, null, now, { vm_id: vm.id })));
  return kept;
}

/** Makes those volumes, the VM having no machine any more; what was made is not made again. One whose disk is not there has failed. */
export async function keepDisks(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'> & { readonly driver: Driver },
  vm: Vm,
  signal: AbortSignal,
): Promise<void> {
  const writer = createResourceWriter(deps, VOLUME_KIND);
  for (const volume of await deps.store.volumes.listKeptOf(vm.id)) {
    const { id, sizeGib, origin, state } = volume;
    if (state !== 'creating' || origin.kind !== 'vm') continue;
    const { volumes } = deps.driver;
    if (volumes === null) throw noVolumes(deps.driver.kind);
    const work = { row: volume, operation: null };
    try {
      await volumes.create({ id, sizeGib, content: { kind: 'vm', vmId: vm.id, disk: origin.disk } }, { signal });
    } catch (error) {
      if (!(error instanceof VolaryError) || error.code !== 'data_loss') throw error;
      deps.log.error('a disk of a deleted VM could not be kept', { vmId: vm.id, volumeId: id, error });
      await writer.failed(work, error);
      continue;
    }
    await writer.ready(work);
  }
}

function nothingToKeep({ name }: Vm): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `${name} has no disk yet that could be kept. Delete it without preserving its volumes.`,
    { reason: 'volume.nothing_to_keep' },
  );
}
