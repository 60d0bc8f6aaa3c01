/** Machines that run on this host: QEMU's, and containers where there is an engine. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDockerDriver } from './adapters/drivers/docker/docker-driver.ts';
import { adoptImages } from './adapters/drivers/qemu/adopt-images.ts';
import { requireDirect } from './adapters/drivers/qemu/direct-image.ts';
import { createQemuDriver } from './adapters/drivers/qemu/qemu-driver.ts';
import { type AgentConnection, createAgentLink } from './adapters/guest-links/agent/agent-link.ts';
import { createImageSource } from './adapters/images/image-source.ts';
import { createHostNetworks } from './adapters/networks/host-networks.ts';
import { createFetcher } from './adapters/shared/fetch/fetcher.ts';
import { readOwnAgent } from './adapters/shared/own-agent.ts';
import { createLazyToolSource } from './adapters/tools/lazy-tool-source.ts';
import { GUEST_PATH, type MachineDeps, type Machines } from './compose-machines.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './ports/clock.ts';
import type { Abortable } from './ports/guest-link.ts';
import type { Log } from './ports/log.ts';
import type { ToolSource } from './ports/tool-source.ts';
import { VERSION } from './version.ts';

export async function createRealMachines(
  config: Config,
  { installationId, clock, log, faultPoint, definitionOf }: MachineDeps,
): Promise<Machines> {
  const { dataDir, cacheDir } = config;
  await adoptImages({ dataDir, cacheDir, log });
  const { downloadAllowedTargets: allowedTargets, imports } = config;
  const fetcher = createFetcher({ allowedTargets, version: VERSION });
  const images = await createImageSource({
    ...{ cacheDir, guestPath: GUEST_PATH, log },
    imports: { ...imports, definitionOf, fetcher },
  });
  const common = {
    ...{ dataDir, installationId, log },
    connectAgent: (connection: AgentConnection) => createAgentLink({ clock, log, randomBytes }, connection),
    ownImage: async ({ signal }: Abortable) =>
      requireDirect(await images.ensure('base', { signal, onProgress: () => undefined })),
  };
  const mayDie = faultPoint === null ? {} : { faultPoint };
  const qemu = createQemuDriver({ ...common, cacheDir, ...mayDie });
  const tools = await createTools(config, { clock, log });
  const networks = createHostNetworks({ installationId, uplink: config.networkUplink, ...mayDie });
  if (config.dockerSocket === null) return { drivers: [qemu], images, tools, networks };
  const docker = createDockerDriver({
    ...common,
    ...mayDie,
    socketPath: config.dockerSocket,
    readAgent: async (options) => await readOwnAgent(await common.ownImage(options)),
  });
  return { drivers: config.driver === 'docker' ? [docker, qemu] : [qemu, docker], images, tools, networks };
}

/** A file of the operator's is read now, so that whoever wrote it is told what is wrong with it; ours when somebody asks for a tool. */
async function createTools(
  { dataDir, cacheDir, downloadAllowedTargets: allowedTargets, npmRegistry: registry }: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<ToolSource> {
  const operatorsPath = join(dataDir, 'tools.yaml');
  const tools = createLazyToolSource(async () => {
    const { openToolSource } = await import('./adapters/tools/open-tool-source.ts');
    const paths = { cataloguePath: join(GUEST_PATH, 'tools', 'catalogue.yaml'), operatorsPath };
    const now = () => clock.now();
    return await openToolSource({ ...paths, cacheDir, registry, allowedTargets, version: VERSION, log, now });
  });
  if (existsSync(operatorsPath)) await tools.catalogue();
  return tools;
}
