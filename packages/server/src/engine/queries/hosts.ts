import { VolaryError } from '../../domain/errors.ts';
import type { Host } from '../../domain/host/host.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { HostApi, HostStatus } from '../engine.ts';

type HostDeps = Pick<EngineDeps, 'store' | 'driver' | 'images' | 'hostProbe'> & { readonly config: EngineConfig };

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
      throw new VolaryError('not_found', `There is no host ${ref}.`, { reason: 'host.unknown' });
    },
  };
}

async function measureHost({ driver, images, hostProbe, config }: HostDeps): Promise<Host> {
  const facts = await hostProbe.measure();
  // Any image's kernel will do for the probe guest; without one the accelerator cannot be tried yet.
  const [image = null] = await images.list();
  const { version, accelerator } = await driver.probe({ image, signal: new AbortController().signal });
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
