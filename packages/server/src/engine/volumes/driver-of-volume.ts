import { VolaryError } from '../../domain/errors.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Driver } from '../../ports/driver.ts';
import type { DriverVolumes } from '../../ports/driver-volumes.ts';
import type { Drivers } from '../drivers.ts';

/** The driver that keeps new volumes. Throws `unsupported` driver.no_volumes. */
export function driverOfVolumes({ all, first }: Drivers): Driver {
  const driver = all.find(({ volumes }) => volumes !== null);
  if (driver !== undefined) return driver;
  throw noVolumes(first.kind);
}

/** What keeps this volume. Throws `unavailable` driver.not_configured, `unsupported` driver.no_volumes. */
export function volumesOf(drivers: Drivers, { driver: kind }: Pick<Volume, 'driver'>): DriverVolumes {
  const { volumes } = drivers.of({ driver: kind });
  if (volumes === null) throw noVolumes(kind);
  return volumes;
}

/** `unsupported` driver.no_volumes. */
export function noVolumes(kind: string): VolaryError {
  return new VolaryError('unsupported', `The ${kind} driver has no volumes.`, {
    reason: 'driver.no_volumes',
    details: { driver: kind },
  });
}
