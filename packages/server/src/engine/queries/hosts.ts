import { VolaryError } from '../../domain/errors.ts';
import type { Host } from '../../domain/host/host.ts';
import { type Image, isBootable } from '../../domain/image/image.ts';
import type { Driver } from '../../ports/driver.ts';
import { authorise } from '../access/authorise.ts';
import type { HostApi, HostStatus } from '../apis/host-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';

type HostDeps = Pick<EngineDeps, 'store' | 'driver' | 'images' | 'hostProbe' | 'clock'> & {
  readonly config: EngineConfig;
};

/** The one host of an embedded server, measured when it is asked about. */
export function createHostQueries(deps: HostDeps): HostApi {
  async function describe(): Promise<HostStatus> {
    const promised = await deps.store.vms.promised();
    return {
      host: await measureHost(deps),
      vmCount: promised.vmCount,
      promisedMemoryMib: promised.memoryMib,
      promisedDiskGib: promised.diskGib,
    };
  }

  return {
    async list(principal) {
      authorise(principal, 'host:read');
      return [await describe()];
    },
    async get(principal, ref) {
      authorise(principal, 'host:read');
      const status = await describe();
      if (ref === status.host.id || ref === status.host.name) return status;
      throw hostUnknown(ref);
    },
  };
}

export function hostUnknown(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no host ${ref}.`, { reason: 'host.unknown' });
}

async function measureHost({ driver, images, hostProbe, clock, config }: HostDeps): Promise<Host> {
  const facts = await hostProbe.measure();
  // The kernel of any image that is entered directly will do for the probe guest; without one the accelerator cannot be tried yet.
  const image = (await images.list()).filter(isBootable).find(({ boot }) => boot === 'direct') ?? null;
  const { version, accelerator } = await probeDriver({ driver, clock }, image);
  return {
    id: config.hostId,
    name: facts.hostname,
    driver: driver.kind,
    driverVersion: version,
    accelerator,
    cpuCount: facts.cpuCount,
    memoryMib: facts.memoryMib,
    memoryAvailableMib: facts.memoryAvailableMib,
    diskGib: facts.diskGib,
    diskAvailableGib: facts.diskAvailableGib,
    bootId: facts.bootId,
    kernelVersion: facts.kernelVersion,
  };
}

/** As `Driver.probe`; where the program is not installed, its version is empty and the accelerator is `none` and says why. */
export async function probeDriver(
  { driver, clock }: Pick<EngineDeps, 'driver' | 'clock'>,
  image: Image | null,
): ReturnType<Driver['probe']> {
  try {
    return await driver.probe({ image, signal: new AbortController().signal });
  } catch (error) {
    if (!(error instanceof VolaryError) || error.reason !== 'driver.not_installed') throw error;
    return { version: '', accelerator: { kind: 'none', explanation: error.message, probedAt: clock.now() } };
  }
}
