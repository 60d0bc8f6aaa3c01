import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import type { Promised } from '../../ports/tables/vm-table.ts';
import type { EngineConfig } from '../deps.ts';

type Limits = EngineConfig['limits'];
/**
 * Refuses a machine whose memory the host cannot give. Two figures are held: what all VMs were promised against the
 * host's memory less a reserve, and what is really available now. Each machine counts with what it takes besides its guest's memory. Throws `resource_exhausted`
 * host.no_memory with the figures.
 */
export function admitMemory(
  wantedMib: number,
  facts: Pick<HostFacts, 'memoryMib' | 'memoryAvailableMib'>,
  promised: Pick<Promised, 'memoryMib' | 'poweredCount'>,
  limits: Limits,
): void {
  const { memoryReserveMib, memoryOverheadMib } = limits;
  const promisedMib = promised.memoryMib + promised.poweredCount * memoryOverheadMib;
  const unpromisedMib = facts.memoryMib - memoryReserveMib - promisedMib;
  const presentMib = facts.memoryAvailableMib - memoryReserveMib;
  const freeMib = Math.max(0, Math.floor(Math.min(unpromisedMib, presentMib) - memoryOverheadMib));
  if (wantedMib <= freeMib) return;
  throw new VolaryError(
    'resource_exhausted',
    `${wantedMib} MiB of memory were asked for; this host can give ${freeMib} MiB.`,
    {
      reason: 'host.no_memory',
      details: {
        field: 'memory_mib',
        wanted_mib: wantedMib,
        free_mib: freeMib,
        promised_mib: promisedMib,
        host_mib: facts.memoryMib,
      },
    },
  );
}

/**
 * Refuses so many machines alike, each with as much memory and disk, unless there is room for all. Throws `resource_exhausted`
 * host.no_memory, host.no_disk with how many there is room for.
 */
export function admitMachines(
  { count, memoryMib, diskGib }: { readonly count: number; readonly memoryMib: number; readonly diskGib: number },
  facts: HostFacts,
  promised: Promised,
  limits: Limits,
): void {
  admitMemory(memoryMib, facts, promised, limits);
  // Disks are thin: one has to find room now, and all together what may be promised.
  admitDisk(diskGib, facts, promised, limits);
  const { memoryReserveMib, memoryOverheadMib, diskOvercommit } = limits;
  const promisedMib = promised.memoryMib + promised.poweredCount * memoryOverheadMib;
  const freeMib = Math.min(facts.memoryMib - promisedMib, facts.memoryAvailableMib) - memoryReserveMib;
  const byMemory = Math.floor(freeMib / (memoryMib + memoryOverheadMib));
  const byDisk = Math.floor((facts.diskGib * diskOvercommit - promised.diskGib) / diskGib);
  const room = Math.min(byMemory, byDisk);
  if (count <= room) return;
  const isMemory = room === byMemory;
  const size = isMemory ? `${memoryMib} MiB of memory` : `${diskGib} GiB of disk`;
  const memory = {
    ...{ wanted_mib: count * memoryMib + (count - 1) * memoryOverheadMib, free_mib: Math.floor(freeMib) },
    ...{ promised_mib: promisedMib, host_mib: facts.memoryMib },
  };
  throw new VolaryError(
    'resource_exhausted',
    `${count} VMs with ${size} each were asked for; this host has room for ${room}.`,
    {
      reason: isMemory ? 'host.no_memory' : 'host.no_disk',
      details: { wanted_count: count, room_count: room, ...(isMemory ? memory : {}) },
    },
  );
}

/** As `admitMemory`, for a machine that wakes: what was suspended has given its memory back, until that is wanted again. */
export async function admitWaking(
  { vms }: Pick<Tables, 'vms'>,
  { desired, spec }: Pick<Vm, 'desired' | 'spec'>,
  facts: HostFacts,
  limits: Limits,
): Promise<void> {
  if (desired.power === 'suspended') admitMemory(spec.memoryMib, facts, await vms.promised(), limits);
}

/**
 * Refuses to save a machine whose memory the host's disk has not the room for now, less a reserve. Throws `resource_exhausted`
 * host.no_disk with the figures.
 */
export function admitSnapshot(memoryMib: number, facts: HostFacts, limits: Limits): void {
  const freeMib = Math.max(0, facts.diskAvailableGib - limits.diskReserveGib) * 1024;
  if (memoryMib <= freeMib) return;
  throw new VolaryError(
    'resource_exhausted',
    `Saving this VM may take ${memoryMib} MiB of disk; this host can give ${Math.floor(freeMib)} MiB.`,
    {
      reason: 'host.no_disk',
      details: { wanted_mib: memoryMib, free_mib: Math.floor(freeMib), host_gib: Math.floor(facts.diskGib) },
    },
  );
}

/**
 * Refuses a disk that the host cannot hold. Disks are thin, so together they may promise more than there is, up to a
 * factor; a single one never more than is free now less a reserve. Throws `resource_exhausted` host.no_disk with the figures.
 */
export function admitDisk(
  wantedGib: number,
  facts: HostFacts,
  promised: Pick<Promised, 'diskGib'>,
  limits: Limits,
): void {
  const unpromisedGib = facts.diskGib * limits.diskOvercommit - promised.diskGib;
  const freeGib = Math.max(0, Math.min(unpromisedGib, facts.diskAvailableGib - limits.diskReserveGib));
  if (wantedGib <= freeGib) return;
  throw new VolaryError(
    'resource_exhausted',
    `${wantedGib} GiB of disk were asked for; this host can give ${Math.floor(freeGib)} GiB.`,
    {
      reason: 'host.no_disk',
      details: {
        field: 'disk_gib',
        wanted_gib: wantedGib,
        free_gib: Math.floor(freeGib),
        promised_gib: promised.diskGib,
        host_gib: Math.floor(facts.diskGib),
      },
    },
  );
}
