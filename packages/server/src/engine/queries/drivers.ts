import type { DriverCapabilities } from '../../ports/driver.ts';
import type { DriverStatus } from '../apis/host-api.ts';
import type { EngineDeps } from '../deps.ts';
import { probeDriver } from './hosts.ts';

/** Each driver of this host, in the order in which they are taken, asked now whether it can be used. */
export async function describeDrivers({
  drivers,
  networks,
  clock,
}: Pick<EngineDeps, 'drivers' | 'networks' | 'clock'>): Promise<readonly DriverStatus[]> {
  return await Promise.all(
    drivers.all.map(async (driver) => {
      const { version, accelerator } = await probeDriver({ driver, clock }, null);
      const whyNot = version === '' ? accelerator.explanation : null;
      return {
        ...capabilitiesHere({ driver, networks }),
        kind: driver.kind,
        version,
        accelerator: accelerator.kind,
        whyNot,
      };
    }),
  );
}

/** What a driver can do on this host: it joins no VM to a network where there can be none. */
export function capabilitiesHere({
  driver: { capabilities },
  networks,
}: Pick<EngineDeps, 'driver' | 'networks'>): DriverCapabilities {
  if (networks.whyNone === null) return capabilities;
  return { ...capabilities, networkModes: capabilities.networkModes.filter((mode) => mode !== 'bridge') };
}
