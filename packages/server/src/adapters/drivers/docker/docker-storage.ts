import { VolaryError } from '../../../domain/errors.ts';
import type { DriverStorage, KeptThing } from '../../../ports/driver.ts';
import { listContainers } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { listRoots, removeRoot } from './root-images.ts';

const PREFIX = 'docker-root-';

/** What the engine has of ours on its disk. Where it cannot be reached, nothing: most hosts have none. */
export function createDockerStorage(
  client: EngineClient,
  { installationId }: { readonly installationId: string },
): DriverStorage {
  return {
    async list(options) {
      try {
        const containers = await listContainers(client, { installationId, withSize: true }, options);
        const disks = containers.map(
          ({ vmId, sizeBytes, isRunning }): KeptThing => ({
            kind: 'disk',
            id: vmId,
            bytes: sizeBytes,
            isBusy: isRunning,
          }),
        );
        // Of other installations' containers nothing is known here: the engine knows, and keeps what one of them has.
        const inUse = new Set(containers.map(({ imageDigest }) => imageDigest));
        const roots = (await listRoots(client, options)).map(
          ({ digest, sizeBytes }): KeptThing => ({
            kind: 'leftover',
            id: `${PREFIX}${digest}`,
            bytes: sizeBytes,
            isBusy: inUse.has(digest),
          }),
        );
        return [...disks, ...roots];
      } catch (error) {
        if (error instanceof VolaryError && error.reason === 'driver.engine_unreachable') return [];
        throw error;
      }
    },
    async removeLeftover(id, options) {
      return id.startsWith(PREFIX) && (await removeRoot(client, id.slice(PREFIX.length), options));
    },
  };
}
