/** Machines that are simulated: nothing runs, and all else is real. */
import { join } from 'node:path';
import { createVmKeeper } from './adapters/drivers/simulated/kept-vm.ts';
import { keepSavedVms } from './adapters/drivers/simulated/saved-vm.ts';
import { createSimulatedDriver } from './adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedImages } from './adapters/drivers/simulated/simulated-images.ts';
import { createSimulatedTools } from './adapters/drivers/simulated/simulated-tools.ts';
import { keepVolumes } from './adapters/drivers/simulated/simulated-volumes.ts';
import { createSimulatedWorld } from './adapters/drivers/simulated/simulated-world.ts';
import { createSimulatedNetworks } from './adapters/networks/simulated-networks.ts';
import { createSystemClock } from './adapters/system/system-clock.ts';
import type { MachineDeps, Machines } from './compose-machines.ts';
import type { Config } from './config/config.ts';
import { parseId } from './domain/ids.ts';

export function createSimulatedMachines(config: Config, { clock, definitionOf }: MachineDeps): Machines {
  const path = join(config.dataDir, 'simulated');
  const keeper = createVmKeeper(path);
  const saved = keepSavedVms(join(path, 'snapshots'), { parse: (name) => parseId('snap', name) });
  const templates = keepSavedVms(join(path, 'warm'), {
    parse: (name) => (/^[0-9a-f]{32}$/.test(name) ? name : null),
  });
  const volumes = keepVolumes(join(path, 'volumes'));
  // What simulated guests wait for is nothing that the server has to wait for.
  const world = createSimulatedWorld({
    clock: createSystemClock({ isIdle: true }),
    keeper,
    saved,
    templates,
    volumes,
  });
  return {
    drivers: [createSimulatedDriver({ world })],
    images: createSimulatedImages(definitionOf),
    tools: createSimulatedTools(() => clock.now()),
    networks: createSimulatedNetworks(),
  };
}
