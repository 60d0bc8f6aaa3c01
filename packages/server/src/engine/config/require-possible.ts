import { VolaryError } from '../../domain/errors.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Driver } from '../../ports/driver.ts';

/** Throws `unsupported` driver.no_such_network_mode, driver.no_extra_disks, driver.no_snapshots. */
export function requirePossible({ kind, capabilities }: Pick<Driver, 'kind' | 'capabilities'>, spec: VmSpec): void {
  const { networkModes, supportsExtraDisks, supportsSnapshots } = capabilities;
  if (!networkModes.includes(spec.network.mode)) {
    throw new VolaryError('unsupported', `The ${kind} driver has no network mode ${spec.network.mode}.`, {
      reason: 'driver.no_such_network_mode',
      details: { field: 'network.mode', allowed: networkModes },
    });
  }
  if (spec.disks.length > 0 && !supportsExtraDisks) {
    throw new VolaryError('unsupported', `The ${kind} driver gives its VMs no disks besides the root.`, {
      reason: 'driver.no_extra_disks',
      details: { field: 'disks' },
    });
  }
  if (spec.autoSuspend !== null && !supportsSnapshots) {
    throw new VolaryError('unsupported', `The ${kind} driver cannot suspend VMs, also idle ones.`, {
      reason: 'driver.no_snapshots',
      details: { field: 'auto_suspend' },
    });
  }
}

/** For images with a boot loader of their own. Throws `unsupported` driver.no_firmware_boot. */
export function requireFirmware({ kind, capabilities }: Pick<Driver, 'kind' | 'capabilities'>): void {
  if (capabilities.supportsFirmware) return;
  throw new VolaryError('unsupported', `The ${kind} driver has no firmware that could start this image.`, {
    reason: 'driver.no_firmware_boot',
    details: { field: 'image' },
  });
}
