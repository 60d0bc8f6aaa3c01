/** Volumes that become larger: the figure first, which quotas and the host answer for, then what it says. */
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { checkVolumeSize, type Volume } from '../../domain/volume/volume.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import { recordRevision } from '../config/record-revision.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { vmEvent } from '../operations/events.ts';
import { requireReady } from '../queries/find-volume.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import { admitDisk } from '../scheduler/admission.ts';
import { requireNotCopied } from './attach-volumes.ts';
import { volumesOf } from './driver-of-volume.ts';

/** Volumes looked at in one query. */
const PAGE = 200;

interface Growth {
  readonly principal: Principal;
  readonly sizeGib: number;
  readonly facts: HostFacts;
  readonly limits: EngineConfig['limits'];
  readonly at: number;
}

/**
 * Refuses what cannot be, and writes down of VMs that have the volume how large it is to be. Throws `invalid_argument` volume.invalid_size, volume.cannot_shrink,
 * `failed_precondition` volume.not_ready, volume.in_use, `resource_exhausted` quota.exceeded, host.no_disk.
 */
export async function admitGrowth(tables: Tables, volume: Volume, growth: Growth): Promise<void> {
  const { principal, sizeGib, facts, limits, at } = growth;
  checkVolumeSize(sizeGib);
  if (sizeGib < volume.sizeGib) throw cannotShrink(volume, sizeGib);
  requireReady(volume);
  await requireNotCopied(tables, volume);
  const moreGib = sizeGib - volume.sizeGib;
  if (moreGib === 0) return;
  await admitQuota(tables, volume.owner, { diskGib: moreGib }, limits);
  admitDisk(moreGib, facts, await tables.vms.promised(), limits);
  for (const { vmId, isReadonly } of await tables.volumes.holdersOf(volume.id)) {
    const before = await tables.vms.get(vmId);
    if (before === null) continue;
    if (!mayGrowUnder(before, isReadonly)) throw inUse(volume, before, isReadonly);
    const disks = before.spec.disks.map((disk) => (disk.volume === volume.id ? { ...disk, sizeGib } : disk));
    const after: Vm = { ...before, spec: { ...before.spec, disks }, revision: before.revision + 1, updatedAt: at };
    await recordRevision(tables, { before, after }, { principal, at, cause: { kind: 'changed' } });
    await tables.vms.update(after);
    await tables.events.append([vmEvent('vm.updated', after, null, at, { changed: ['disks'] })]);
  }
}

/** A machine that may only read has nothing that it could be told by; one that is saved goes on with the disks that it had. */
function mayGrowUnder({ status: { phase }, desired: { power } }: Vm, isReadonly: boolean): boolean {
  if (isReadonly) return power === 'stopped' && (phase === 'stopped' || phase === 'failed');
  return power !== 'suspended' && phase !== 'suspended' && phase !== 'resuming';
}

/** Makes it as large as its row says; repeating is safe. Throws as `DriverVolumes.grow`. */
export async function growVolume(
  { store, drivers }: Pick<EngineDeps, 'store' | 'drivers'>,
  volume: Volume,
  signal: AbortSignal,
): Promise<void> {
  const writer = (await store.volumes.holdersOf(volume.id)).find(({ isReadonly }) => !isReadonly);
  const { id, sizeGib } = volume;
  await volumesOf(drivers, volume).grow({ id, sizeGib, writer: writer ?? null }, { signal });
}

/** What a server that died had written down, and not done. A volume that cannot be made larger now is told of; its VM's next start tries again. */
export async function growAllVolumes(
  deps: Pick<EngineDeps, 'store' | 'drivers' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  let after: Volume['id'] | null = null;
  for (;;) {
    const page: readonly Volume[] = await deps.store.volumes.list({ limit: PAGE, after });
    for (const volume of page) {
      if (signal.aborted) return;
      if (volume.state !== 'ready') continue;
      await growVolume(deps, volume, signal).catch((error: unknown) => {
        if (!signal.aborted) deps.log.warn('a volume is not as large as it is to be', { volumeId: volume.id, error });
      });
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}

function cannotShrink({ name, sizeGib }: Volume, actual: number): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `size_gib must be at least ${sizeGib}, which ${name} has: a volume only grows, since what is at its end may be in use.`,
    { reason: 'volume.cannot_shrink', details: { field: 'size_gib', minimum: sizeGib, actual } },
  );
}

function inUse(volume: Volume, { id, name, status }: Vm, isReadonly: boolean): VolaryError {
  const how = isReadonly ? 'reads it' : `is ${status.phase}`;
  return new VolaryError('failed_precondition', `${volume.name} cannot grow now: ${name} ${how}. Stop it first.`, {
    reason: 'volume.in_use',
    details: { volume: volume.name, vms: [{ id, name }] },
  });
}
