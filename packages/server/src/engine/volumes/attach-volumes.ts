/** Volumes that VMs are given when they are made. */
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { ExtraDisk } from '../../domain/vm/extra-disk.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { AskedVolume } from '../../domain/vm/vm-request.ts';
import { checkAttachable, type Volume } from '../../domain/volume/volume.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { findVolume, requireReady } from '../queries/find-volume.ts';
import { noVolumes } from './driver-of-volume.ts';

/** What a guest reads of a serial number. */
const DISK_NAME_LENGTH = 20;

/** The disks that they are of a VM. Throws `not_found` volume.unknown, `permission_denied` access.denied, `unsupported` driver.no_volumes. */
export async function volumeDisks(
  tables: Pick<Tables, 'volumes'>,
  principal: Principal,
  driver: Pick<Driver, 'kind' | 'volumes'>,
  asked: readonly AskedVolume[],
): Promise<readonly ExtraDisk[]> {
  if (asked.length === 0) return [];
  if (driver.volumes === null) throw noVolumes(driver.kind);
  authorise(principal, 'volume:attach');
  const disks: ExtraDisk[] = [];
  for (const { ref, disk, isReadonly } of asked) {
    const { id, name, sizeGib } = await findVolume(tables, { principal, permission: 'volume:attach' }, ref);
    const ofVm = disk ?? name.slice(0, DISK_NAME_LENGTH).replace(/-+$/, '');
    disks.push({ name: ofVm, sizeGib, content: null, isReadonly, target: null, volume: id });
  }
  return disks;
}

/**
 * Writes down that the VM, which is stored, has its volumes. Throws `failed_precondition` volume.not_ready, volume.in_use naming who has one, `unsupported`
 * driver.no_volumes, and as `findVolume`.
 */
export async function attachVolumes(tables: Tables, principal: Principal, vm: Vm): Promise<void> {
  for (const disk of vm.spec.disks) await attachVolume(tables, principal, vm, disk);
}

/** The same of one disk; one that is no volume is fine. */
export async function attachVolume(
  tables: Tables,
  principal: Principal,
  vm: Vm,
  { name, volume: id, isReadonly }: ExtraDisk,
): Promise<void> {
  if (id === null) return;
  const volume = requireReady(await findVolume(tables, { principal, permission: 'volume:attach' }, id));
  if (volume.driver !== vm.driver) throw ofOtherDriver(volume, vm.driver);
  await requireAttachable(tables, volume, isReadonly);
  await tables.volumes.attach({ volumeId: id, vmId: vm.id, disk: name, isReadonly });
}

/** Also what copies a volume reads it. Throws `failed_precondition` volume.in_use. */
export async function requireAttachable(tables: Tables, volume: Volume, isReadonly: boolean): Promise<void> {
  const holders = await tables.volumes.holdersOf(volume.id);
  checkAttachable(
    volume,
    isReadonly,
    holders.map((holder) => ({ vm: { id: holder.vmId, name: holder.vmName }, isReadonly: holder.isReadonly })),
  );
  if (!isReadonly) await requireNotCopied(tables, volume);
}

/** Nobody changes what is being copied. Throws `failed_precondition` volume.in_use. */
export async function requireNotCopied(tables: Pick<Tables, 'volumes'>, volume: Volume): Promise<void> {
  const copy = (await tables.volumes.listUnsettled()).find(
    ({ state, origin }) => state === 'creating' && origin.kind === 'volume' && origin.id === volume.id,
  );
  if (copy === undefined) return;
  throw new VolaryError('failed_precondition', `The volume ${volume.name} is being copied to ${copy.name}.`, {
    reason: 'volume.in_use',
    details: { volume: volume.name, vms: [] },
  });
}

function ofOtherDriver({ name, driver }: Volume, kind: string): VolaryError {
  return new VolaryError('unsupported', `The volume ${name} is for VMs of the ${driver} driver, not of ${kind}.`, {
    reason: 'driver.no_volumes',
    details: { driver: kind, volume: name },
  });
}
