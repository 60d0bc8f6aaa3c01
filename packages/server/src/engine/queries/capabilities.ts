import type { Capabilities } from '../apis/host-api.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { namesOfImages } from '../images/known-images.ts';
import type { NetworkKeeper } from '../networks/network-keeper.ts';
import { WHY_NO_MIGRATION } from '../operations/migrate-vm.ts';
import { capabilitiesHere, describeDrivers } from './drivers.ts';

type CapabilityDeps = Pick<
  EngineDeps,
  'driver' | 'drivers' | 'networks' | 'clock' | 'store' | 'images' | 'rateLimiter'
> & {
  readonly config: Pick<EngineConfig, 'version'>;
  readonly networkKeeper: Pick<NetworkKeeper, 'whyNot'>;
};

/** What this server can do, for clients that adapt. */
export async function findCapabilities(deps: CapabilityDeps): Promise<Capabilities> {
  return {
    version: deps.config.version,
    driver: deps.driver.kind,
    drivers: await describeDrivers(deps),
    ...capabilitiesHere(deps),
    whyNoBridges: deps.networks.whyNone,
    whyNoMigration: WHY_NO_MIGRATION,
    images: await namesOfImages(deps),
    degraded: [deps.rateLimiter.whyAlone(), deps.networkKeeper.whyNot()].filter((why) => why !== null),
  };
}
