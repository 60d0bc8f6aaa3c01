import type { Capabilities as CapabilitiesDto, DriverStatus as DriverDto, Host as HostDto } from '@volary/contract';
import { VM_LIMITS } from '../../../domain/vm/spec.ts';
import type { Capabilities, DriverStatus, HostStatus } from '../../../engine/apis/host-api.ts';
import { toIso } from './to-iso.ts';

/** A host as `/v1` shows it: amounts in whole units, rounded down. */
export function toHostDto({ host, vmCount, promisedMemoryMib, promisedDiskGib }: HostStatus): HostDto {
  return {
    id: host.id,
    name: host.name,
    driver: host.driver,
    driver_version: host.driverVersion,
    accelerator: {
      kind: host.accelerator.kind,
      explanation: host.accelerator.explanation,
      probed_at: toIso(host.accelerator.probedAt),
    },
    cpus: host.cpuCount,
    memory_mib: Math.floor(host.memoryMib),
    memory_available_mib: Math.floor(host.memoryAvailableMib),
    memory_promised_mib: promisedMemoryMib,
    disk_gib: Math.floor(host.diskGib),
    disk_available_gib: Math.floor(host.diskAvailableGib),
    disk_promised_gib: promisedDiskGib,
    vm_count: vmCount,
    boot_id: host.bootId,
    kernel_version: host.kernelVersion,
  };
}

/** What the server can do, with the bounds of one VM. */
export function toCapabilitiesDto(capabilities: Capabilities): CapabilitiesDto {
  return {
    version: capabilities.version,
    driver: capabilities.driver,
    drivers: capabilities.drivers.map(toDriverDto),
    ...whatItCan(capabilities),
    why_no_bridges: capabilities.whyNoBridges,
    why_no_migration: capabilities.whyNoMigration,
    images: [...capabilities.images],
    limits: { vcpus: VM_LIMITS.vcpuCount, memory_mib: VM_LIMITS.memoryMib, disk_gib: VM_LIMITS.diskGib },
    degraded: [...capabilities.degraded],
  };
}

function toDriverDto(status: DriverStatus): DriverDto {
  return { kind: status.kind, version: status.version, why_not: status.whyNot, ...whatItCan(status) };
}

type Can = 'supportsPause' | 'supportsConsole' | 'supportsSnapshots' | 'supportsLiveResize' | 'networkModes';

function whatItCan(can: Pick<Capabilities, Can>): Omit<DriverDto, 'kind' | 'version' | 'why_not'> {
  return {
    supports_pause: can.supportsPause,
    supports_console: can.supportsConsole,
    supports_snapshots: can.supportsSnapshots,
    supports_live_resize: can.supportsLiveResize,
    network_modes: [...can.networkModes],
  };
}
